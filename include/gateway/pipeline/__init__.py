"""The stages as functions on the store: what a DAG's task calls, and what `python -m gateway ingest` runs in a row.

    receive.py   drops and named paths -> Batch, Document
    read.py      Document -> Profile, in chunks
    judge.py     Profile -> Verdict; passed, held, duplicate
    deliver.py   passed and approved profiles -> the ledger (ledger.py) -> the agent's target
    dry_run.py   what would be sent, and what changed since the last dry run
    review.py    a person's decisions on held profiles
    report.py    counts, states, the digest

Each takes ids and returns ids and counts, never a résumé. Each may be run again at any time without a second effect.
"""
