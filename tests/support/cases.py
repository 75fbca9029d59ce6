"""Invented profiles for the tests of the gates: one that is read perfectly, to be spoilt in one way at a time."""

from __future__ import annotations

from typing import Any

from gateway.agents import Agent, parse_agent
from gateway.quality.case import Case

CLEAN = Case(
    profile_id="p0",
    name="Mira Okonjo",
    email="mira.okonjo@harbourlight.org",
    phone="+4930901820",
    location="Bremen",
    headline="Ship surveyor",
    counts={"links": 1, "skills": 5, "languages": 2, "work": 2, "education": 1},
    confidences=dict.fromkeys(
        ("name", "email", "phone", "location", "headline", "links", "skills", "languages", "work", "education"), 0.99
    ),
    evidenced=frozenset(
        ("name", "email", "phone", "location", "headline", "links", "skills", "languages", "work", "education")
    ),
    language="en",
    text_quality=0.99,
    media_type="application/pdf",
)


def agent(preset: str = "standard", more: str = "") -> Agent:
    """An agent with that preset; `more` is YAML appended to its file."""
    return parse_agent(f"id: test\ntitle: Test\ntarget: {{posting: T-1}}\npreset: {preset}\n{more}", "test.yaml")


def spoilt(profile_id: str = "p0", **changes: Any) -> Case:
    """The clean case with changes; a field set to None loses its confidence and evidence too."""
    from dataclasses import replace

    gone = {name for name, value in changes.items() if value is None} & set(CLEAN.confidences)
    changes.setdefault("confidences", {k: v for k, v in CLEAN.confidences.items() if k not in gone})
    changes.setdefault("evidenced", CLEAN.evidenced - gone)
    return replace(CLEAN, profile_id=profile_id, **changes)
