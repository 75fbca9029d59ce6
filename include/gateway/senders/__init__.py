"""Programs that send batches through the API: their keys, what they send, and what they may see of it.

keys.py        made, rotated, revoked; hashed at rest; a rate for each
sending.py     one request: received like an upload of the page, once for each Idempotency-Key
candidates.py  candidates as JSON, turned into the list that everything after reads
sent.py        a sender's batches and their state
"""
