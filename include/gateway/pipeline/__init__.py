"""The stages as functions on the store: called by the DAG's tasks, and run in a row by `python -m gateway ingest`.

    arrival/     drops, uploads and named paths -> Batch, Document; documents to read again
    read.py      Document -> Profile, in chunks
    judging/     Profile -> Verdict; passed, held, duplicate; Data Docs
    delivery/    passed and approved profiles -> the ledger -> the agent's target; the requests of a dry run
    review/      a person's decisions on held profiles: corrections, merges, audits, claims, undo
    report.py    counts, states, what people are asked
    run.py       all of it in a row, without Airflow
    lines.py     what became of each document and profile, as lines
    statistics.py  the totals that a finished batch leaves for analytics
    replay.py    judging history again under other criteria

Each takes ids and returns ids and counts, never a résumé. Each may be run again at any time without a second effect.
"""
