"""Read models of the page: small frozen dataclasses built from SQL. No HTML, no Airflow.

agents.py, batches.py, documents.py, exports.py    received batches and documents, and their outcome
queue.py, candidates.py, evidence.py               the reviewer's queue and desk
analytics.py, advice.py                            statistics: holds, prices, reading, audits, volumes
"""
