"""The Candidate Ingestion Gateway: résumés and candidate lists in, judged and ingested candidates out.

One direction, one noun a stage (docs/architecture.md):

    intake   inbox -> Batch, Document     what arrived, by content, claimed once
    extract  Document -> Profile          fields with confidence and evidence
    quality  Profile -> Verdict           Great Expectations, reason codes
    deliver  Verdict -> Delivery          the exactly-once ledger and its targets
    store    all of them                  SQLAlchemy models; states change only by events
    notify   Batch -> Digest              what to say; how to send it is an adapter's

This package imports no Airflow. Its shell is `python -m gateway --help`.
"""

__version__ = "0.2.0"
