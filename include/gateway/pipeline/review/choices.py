"""Possible answers of a reviewer for a whole batch. Imported at DAG parse: constants only."""

APPROVE_PASSED = "Approve those that passed every gate"
APPROVE_ALL = "Approve all held"
DISCARD_ALL = "Discard all held"
KEEP_HELD = "Keep held"
# Cannot be chosen: the answer of a required action when everything was decided on the page or by command.
DECIDED_ELSEWHERE = "Decided elsewhere"

# Codes that hold a profile although every gate passed: its mode, the canary, or its batch made it wait.
WAITS = frozenset({"REVIEW_MODE", "CANARY_WAIT"})
