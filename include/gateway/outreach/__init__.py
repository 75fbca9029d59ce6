"""After ingestion: messages to candidates, and how far they are at the target.

planning.py     candidates to write to and when, and the reasons to skip others
letters.py      a message as mail: wording in the candidate's language, headers, the address that ends messages
sending.py      sends the ledger's rows by SMTP: nobody twice, whichever process dies
suppression.py  who must not be written to, as keyed hashes
progress.py     interviews as the target tells them
"""
