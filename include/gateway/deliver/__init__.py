"""Putting candidates into a target, each at most once.

    port.py         the interface of a target, and the values that cross it
    request.py      a profile as a request
    own_pool.py     our own table and its JSON Lines export
    heymilo.py      HeyMilo's public API v2; client.py makes its calls
    webhook.py      signed messages; guard.py keeps them out of our own network
    limiter.py      one rate for one key, shared by all workers
    credentials.py  where addresses and secrets come from
    targets.py      agent -> target

The ledger itself is the `delivery` table; pipeline/delivery/ledger.py writes it,
pipeline/delivery/deliver.py walks it.
"""
