"""Read models of the page: what is shown, as small frozen dataclasses out of SQL. No HTML, no Airflow.

agents.py, batches.py, documents.py, exports.py    what was received, and what became of it
queue.py, candidates.py, evidence.py               what a reviewer works with
analytics.py, advice.py                            what the numbers say: holds, prices, reading, audits, volumes
"""
