"""Asking DNS: what counts as no, and that no answer is not a no."""

from __future__ import annotations

from types import SimpleNamespace

import dns.exception
import dns.resolver
import pytest

from gateway.quality import dns as mail_dns
from gateway.quality.judge import HOLD, PASS, judge
from support.cases import agent, spoilt


def answers(monkeypatch: pytest.MonkeyPatch, by_kind: dict[str, object]) -> None:
    def resolve(domain: str, kind: str, lifetime: float) -> object:
        answer = by_kind.get(kind, dns.resolver.NoAnswer)
        if isinstance(answer, type) and issubclass(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    monkeypatch.setattr(dns.resolver.NoAnswer, "__init__", lambda self, *a, **k: None)


@pytest.mark.parametrize(
    ("by_kind", "expected"),
    [
        ({"MX": [SimpleNamespace(exchange="mx.quayside.org.")]}, True),
        ({"MX": [SimpleNamespace(exchange=".")]}, False),
        ({"A": ["203.0.113.7"]}, True),
        ({}, False),
        ({"MX": dns.resolver.NXDOMAIN}, False),
        ({"MX": dns.exception.Timeout}, None),
        ({"MX": dns.resolver.NoNameservers}, None),
        ({"MX": OSError}, None),
    ],
)
def test_what_dns_says(monkeypatch: pytest.MonkeyPatch, by_kind: dict[str, object], expected: bool | None) -> None:
    answers(monkeypatch, by_kind)
    assert mail_dns.mail_domains(["Quayside.org"]) == {"quayside.org": expected}


def test_each_domain_is_asked_once() -> None:
    asked: list[str] = []

    def ask(domain: str) -> bool:
        asked.append(domain)
        return True

    assert mail_dns.mail_domains(["a.org", "A.org", "", "b.org"], ask) == {"a.org": True, "b.org": True}
    assert sorted(asked) == ["a.org", "b.org"]
    assert mail_dns.mail_domains([]) == {}


def test_only_a_sure_no_holds() -> None:
    outcomes = [
        judge(agent(more="check_dns: true\n"), [spoilt(domain_accepts_mail=answer)]).judgements[0].outcome
        for answer in (True, None, False)
    ]
    assert outcomes == [PASS, PASS, HOLD]
