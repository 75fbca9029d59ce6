"""Telling people and programs what happened: out of the outbox, by each agent's channels.

send.py       takes due messages, sends them, records the outcome
senders.py    one class a kind of channel: log, mail, Slack and Teams, signed webhooks
wording.py    a message in words, from templates in a sandbox; texts/ holds them
look_out.py   news that no change of state brings: candidates held for long, sources that fell silent
health.py     channels that fail, are paused and resumed; messages sent again
docs.py       docs/events.md
"""
