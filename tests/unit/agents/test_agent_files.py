"""Agent files: what they may say, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.agents import Agent, load_agent, load_agents, load_agents_lenient, parse_agent
from gateway.errors import Misconfigured
from gateway.model import Mode
from gateway.settings import PROJECT

SHORT = "id: nurse\ntitle: Nurse\ntarget:\n  posting: N-1\n"


def refused(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse_agent(text, "nurse.yaml")
    assert caught.value.code == "AGENT_FILE_INVALID"
    return caught.value.sentence


def test_the_three_examples_load_and_deliver_to_our_own_pool() -> None:
    agents = load_agents(PROJECT / "include" / "agents")
    assert {a.id: str(a.preset) for a in agents.values()} == {
        "backend-engineer": "strict",
        "regional-nurse": "standard",
        "store-associate": "lenient",
    }
    assert {a.target.kind for a in agents.values()} == {"own_pool"}
    assert {a.fictional_contacts for a in agents.values()} == {"mark"}
    assert agents["backend-engineer"].default_mode is Mode.INGEST


def test_a_short_file_gets_careful_defaults() -> None:
    agent = parse_agent(SHORT, "nurse.yaml")
    assert agent.default_mode is Mode.REVIEW
    assert agent.fictional_contacts == "hold"
    assert agent.audit_share == 0.05
    assert agent.hints().country is None


@pytest.mark.parametrize(
    ("added", "line", "said"),
    [
        ("fields:\n  requird: [name]\n", 6, "fields.requird: unknown key"),
        ("fields:\n  required:\n    - email\n    - nme\n", 8, "fields.required.1"),
        ("fields:\n  required: [name]\n", 5, "email must be required"),
        ("fields: {required: [email], wanted: [email]}\n", 5, "email: named twice"),
        ("country: Germany\n", 5, "country"),
        ("thresholds:\n  name: 1.5\n", 6, "thresholds.name"),
        ("mapping:\n  Full name: nom\n", 5, "maps to 'nom'"),
        ("templates:\n  invitation:\n    subject: Hi {{ nme }}\n    body: x\n", 7, "placeholder nme unknown"),
        ("templates:\n  invitation:\n    subject: Hi {{ name\n    body: x\n", 7, "template is not right"),
        ("outreach: {enabled: true}\n", 1, "templates.invitation must be there"),
        ("outreach:\n  reminders_after_h: [72, 24]\n", 6, "rising order"),
        ("outreach:\n  quiet: {timezone: Berlin}\n", 6, "no time zone"),
        ("notify:\n  channels:\n    - {kind: webhook, connection: c, events: [batch.dne]}\n", 7, "means no event"),
        (
            "notify:\n  channels: [{kind: webhook, connection: c}, {kind: webhook, connection: c}]\n",
            5,
            "two channels are webhook:c",
        ),
        ("allowed:\n  email_domains: ['@acme.org']\n", 6, "is no domain"),
        ("id: again\n", 5, "written twice"),
        ("title: [\n", 6, ""),
    ],
)
def test_a_mistake_is_told_with_its_line(added: str, line: int, said: str) -> None:
    sentence = refused(SHORT + added)
    assert f"line {line}: " in sentence
    assert said in sentence


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("expect_x, column: email", "not available"),
        ("expect_column_values_to_match_regex, column: name, kwargs: {regex: a}", "'name'"),
        ("expect_column_values_to_match_regex, column: email, kwargs: {regex: '('}", "compile"),
        ("expect_column_values_to_match_regex, column: email", "regex needed"),
        ("expect_column_values_to_be_between, column: quality, kwargs: {min: 1}", "min unknown"),
        ("expect_column_values_to_be_between, column: email, kwargs: {min_value: 1}", "text"),
        (
            "expect_column_values_to_be_between, column: quality, kwargs: {min_value: 1, max_value: 0}",
            "above max_value",
        ),
    ],
)
def test_an_own_expectation_must_be_one_that_judges_the_reading(rule: str, said: str) -> None:
    assert said in refused(f"{SHORT}expectations:\n  - {{type: {rule}, says: a rule of ours}}\n")


def test_norway_is_a_country_not_a_no() -> None:
    assert parse_agent(SHORT + "country: NO\n", "nurse.yaml").country == "NO"


def test_the_file_is_named_after_the_agent(tmp_path: Path) -> None:
    path = tmp_path / "doctor.yaml"
    path.write_text(SHORT, "utf-8")
    with pytest.raises(Misconfigured, match="id is 'nurse' but the file is named 'doctor'"):
        load_agent(path)


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "nurse.yaml").write_text(SHORT, "utf-8")
    (tmp_path / "bad.yaml").write_text("- no agent", "utf-8")
    (tmp_path / "latin.yml").write_bytes("title: é".encode("latin-1"))
    good, bad = load_agents_lenient(tmp_path)
    assert list(good) == ["nurse"]
    assert [wrong.code for wrong in bad] == ["AGENT_FILE_INVALID"] * 2
    with pytest.raises(Misconfigured):
        load_agents(tmp_path)


def test_an_agent_cannot_be_changed_once_loaded() -> None:
    agent = parse_agent(SHORT, "nurse.yaml")
    with pytest.raises(ValueError, match="frozen"):
        agent.title = "Doctor"  # type: ignore[misc]
    assert Agent.model_validate(agent.model_dump()) == agent
