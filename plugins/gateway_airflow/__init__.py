"""Adapters between Airflow and the gateway library: each translates, none decides.

names.py       pools, connections, tags, assets: the names DAG files use
policy.py      how tasks are retried, and the defaults all tasks share
triggers/      the inbox's doorbell
standalone.py  `make run`: the whole of Airflow on one machine
"""
