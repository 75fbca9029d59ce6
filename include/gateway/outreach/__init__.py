"""After ingestion: messages to candidates, and how far they are at the target.

planning.py     who is to be written to, when, and who is not and why
letters.py      a message as mail: wording in the candidate's language, headers, the address that ends messages
sending.py      the ledger's rows through SMTP: nobody twice, whatever dies when
suppression.py  who must not be written to, as keyed hashes
progress.py     interviews as the target tells them
"""
