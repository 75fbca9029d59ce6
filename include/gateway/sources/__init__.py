"""Batches fetched from elsewhere: folders, buckets, SFTP servers, mailboxes, addresses with lists of files.

port.py      what a kind of source must be able to do, and what all kinds of files share
registry.py  the kinds; a new one is a model in gateway.agents.sources, one class in kinds/, and one entry here
doors.py     connections that only Airflow's provider hooks can open
ledger.py    who fetches what: claims in the store, so that nothing is fetched twice or lost
state.py     when each source was asked, and how that went
pull.py      look, claim, fetch, open the batch, settle the originals
check.py     asks each source and says what to do
"""
