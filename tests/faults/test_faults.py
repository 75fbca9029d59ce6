"""The fault proof, small: and that it would notice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
# Ledgers that break one of its rules, by replacing one function before the trials run.
BROKEN = {
    "sends unclear rows again without looking": """
import gateway.deliver.heymilo as h
h.HeyMilo.find = lambda self, posting, lookups, since: []
""",
    "takes a missing answer for a refusal": """
import gateway.pipeline.delivery.ledger as l
from gateway.deliver.port import Receipt
reconcile = l.reconcile
def careless(sending, receipts):
    receipts = list(receipts)
    told = {r.external_id for r in receipts}
    reconcile(sending, receipts + [Receipt(i, False, code="TARGET_REFUSED") for i in sending.attempts if i not in told])
l.reconcile = careless
""",
    "matches answers by position": """
import gateway.deliver.heymilo as h
from gateway.deliver.port import Receipt
def by_position(self, requests):
    _, path, body = self._call_for(requests)
    data = self.client.post(path, body)["data"]
    items = data if isinstance(data, list) else [data]
    return [Receipt(r.external_id, True, i["interview_id"]) for r, i in zip(requests, items)]
h.HeyMilo.put = by_position
""",
}


def trials(number: int, before: str = "") -> subprocess.CompletedProcess[str]:
    script = f"import sys; sys.path[:0] = [{str(PROJECT / 'benchmarks')!r}]\nimport faults\n{before}\nsys.exit(faults.main(['--trials', '{number}', '--seed', '7']))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, env=environment)


def test_nobody_is_lost_or_sent_twice() -> None:
    done = trials(12)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"fault_trials_wrong", "value": 0' in done.stdout


@pytest.mark.parametrize("rule", BROKEN)
def test_a_ledger_that_breaks_a_rule_is_caught(rule: str) -> None:
    done = trials(20, BROKEN[rule])  # of this seed, the 18th is the first with answers that change places
    assert done.returncode == 1, done.stdout + done.stderr
    assert "trial " in done.stderr
