"""The stages as functions on the store: what a DAG's task calls, and what `python -m gateway ingest` runs in a row.

    arrival/     drops, uploads and named paths -> Batch, Document; documents to read again
    read.py      Document -> Profile, in chunks
    judging/     Profile -> Verdict; passed, held, duplicate; Data Docs
    delivery/    passed and approved profiles -> the ledger -> the agent's target; what a dry run would send
    review/      a person's decisions on held profiles: corrections, merges, audits, claims, undo
    report.py    counts, states, what people are asked
    run.py       all of it in a row, without Airflow
    lines.py     what became of each document and profile, as lines
    statistics.py  what a batch at rest leaves for analytics
    replay.py    judging history again under other criteria

Each takes ids and returns ids and counts, never a résumé. Each may be run again at any time without a second effect.
"""
