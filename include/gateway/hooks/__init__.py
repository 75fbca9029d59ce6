"""What others tell us by HTTP: doorbells, nothing more. Each one only makes the gateway look for itself.

addresses.py    the address and the signing secret of a hook: made, changed with an overlap, shut
receive.py      one call: proved, small, kept once, without anybody's data
handle.py       what is kept, handled: the target's API, the inbox or the ledger is read before anything is believed
bounces.py      a mail server's report that a message could not be delivered
"""
