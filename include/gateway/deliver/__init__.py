"""Putting candidates into a target, each at most once.

    port.py      what a target can do, and the values that cross
    own_pool.py  the first target: our own table and its JSON Lines export
    targets.py   agent -> target

The ledger itself is the `delivery` table; pipeline/deliver.py walks it: reserve, send, confirm, reconcile.
"""
