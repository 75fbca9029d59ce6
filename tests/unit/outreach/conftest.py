"""An agent that writes to candidates, and the mail server it writes by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.agents import load_agent
from gateway.pipeline.arrival.receive import sync_agent
from gateway.settings import settings

AGENT = """id: nurses
title: Nurses
target: {{kind: own_pool, posting: P}}
fictional_contacts: mark
outreach:
  enabled: true
  contact: people@acme.example
  sender_name: Acme Recruiting
  link: https://acme.example/interview
  per_minute: 6000
  quiet: {{start: 0, end: 0}}
{more}
templates:
  invitation:
    subject: "Your application: {{{{ title }}}}"
    body: "Hello {{{{ name }}}}, go on here: {{{{ link }}}}"
    html: "<p>Hello {{{{ name }}}}, <a href='{{{{ link }}}}'>go on</a></p>"
    languages:
      de: {{subject: "Deine Bewerbung", body: "Hallo {{{{ name }}}}: {{{{ link }}}}"}}
  reminder: {{subject: "Still there?", body: "Hello {{{{ name }}}}: {{{{ link }}}}"}}
"""


@pytest.fixture
def outreach(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """outreach(more): the agent's file, with more keys of `outreach`."""
    folder = tmp_path / "agents"
    folder.mkdir()
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", "https://jobs.acme.example")
    settings.cache_clear()

    def make(more: str = "", old: str = "", new: str = "") -> None:
        text = AGENT.format(more="".join(f"  {line}\n" for line in more.splitlines()))
        (folder / "nurses.yaml").write_text(text.replace(old, new) if old else text, "utf-8")
        sync_agent(load_agent(folder / "nurses.yaml"))

    return make
