"""docs/codes.md, generated from the table of reason codes."""

from __future__ import annotations

from collections.abc import Iterable

from .base import Code

STAGES = {
    "intake": "Intake: files and batches as they arrive",
    "extract": "Extraction: reading documents",
    "quality": "Quality: whether our reading is fit to act on",
    "deliver": "Delivery: putting candidates into a target",
    "review": "Review: decisions by people",
    "notify": "Notices",
    "outreach": "Outreach: messages to candidates",
    "page": "The page",
    "api": "The API for senders",
}


def codes_markdown(codes: Iterable[Code]) -> str:
    """All codes as Markdown, by stage and in alphabetical order: meaning, usual cause, who acts, fix, example.

    raises  ValueError for a code whose stage is not in STAGES
    """
    by_stage: dict[str, list[Code]] = {stage: [] for stage in STAGES}
    for code in codes:
        if code.stage not in by_stage:
            raise ValueError(f"reason code {code.id} has stage {code.stage!r}; choose from {', '.join(STAGES)}")
        by_stage[code.stage].append(code)
    lines = [
        "# Reason codes",
        "",
        "Generated from `gateway.codes` by `python -m gateway docs`; change the table, not this page.",
        "",
        "A code says why a document failed, a profile is held or marked, or a step stopped. Codes are stable: reports",
        "and filters may depend on them.",
        "",
    ]
    for stage, title in STAGES.items():
        found = sorted(by_stage[stage], key=lambda code: code.id)
        if not found:
            continue
        lines += [
            f"## {title}",
            "",
            "| code | means | usual cause | who acts | what to do |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            "| " + " | ".join(_cell(t) for t in (f"`{c.id}`", c.means, c.cause, c.who, c.fix)) + " |" for c in found
        ]
        lines += ["", "Examples:", "", "```text", *(c.example for c in found), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
