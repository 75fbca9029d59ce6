"""How long judging takes: 10,000 invented profiles in one Great Expectations run, its import, a replay, Data Docs.

    python benchmarks/bench_judge.py [--profiles N]

Half of the profiles are spoilt in one of many ways, so that every gate has rows to report. Ends with one JSON line a
figure: {"name", "value", "unit", "budget", "ok"}; exit code 1 if a budget is missed. CPU seconds of this process.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "include"))

from gateway.agents import load_agent
from gateway.quality.case import Case
from gateway.quality.judge import BatchJudgement, judge
from gateway.quality.replay import Before, replay
from gateway.quality.scores import FIELDS

# What the reader notes of a page, as far as the risk weighs it; every one set, which no real page does.
SIGNALS = (
    *(f"{field}_{what}" for field in ("name", "email", "phone") for what in ("margin", "score", "first_page", "own")),
    *("name_largest", "name_relative_size", "name_known_names", "name_early", "name_agrees_email", "phone_plus"),
    *(
        "other_addresses",
        "unread_numbers",
        "plain_name_differs",
        "plain_email_differs",
        "plain_phone_differs",
        "resume",
    ),
)
SYLLABLES = ("ka", "mi", "ro", "ta", "len", "dor", "vi", "sel", "an", "bru", "ne", "os")


def invented(number: int, dice: random.Random) -> Case:
    """One profile; every second one is spoilt in a way of its own."""
    name = " ".join("".join(dice.choices(SYLLABLES, k=2 + part)).title() for part in range(2))
    values: dict[str, Any] = {
        "name": name,
        "email": f"{name.lower().replace(' ', '.')}{number}@quayside.org",
        "phone": f"+4930{dice.randrange(10**6, 10**7)}",
        "location": "Bremen",
        "headline": None,
    }
    confidences = {field: round(dice.uniform(0.96, 1), 4) for field in FIELDS}
    more: dict[str, Any] = {}
    if number % 2:
        spoil: list[dict[str, Any]] = [
            {"name": None},
            {"email": None},
            {"phone": None},
            {"name": "Curriculum Vitae"},
            {"email": "info@quayside.org"},
            {"email": f"x{number}@gmial.com"},
            {"phone": "030 123"},
            {"name": f"{name} GmbH"},
            {"phone": "+14155550134"},
        ]
        values |= dice.choice(spoil)
        confidences[dice.choice(FIELDS)] = 0.3
        more = {"ocr_share": dice.choice([0.0, 1.0]), "other_names_with_email": dice.choice([0, 0, 0, 1])}
    return Case(
        profile_id=f"p{number}",
        **values,
        counts={"skills": 4, "work": 2, "education": 1},
        confidences=confidences,
        evidenced=frozenset(FIELDS),
        language="en",
        text_quality=0.95,
        media_type="application/pdf",
        signals={name: round(dice.random(), 3) for name in SIGNALS},
        **more,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=10_000)
    options = parser.parse_args()
    agent = load_agent(ROOT / "include" / "agents" / "backend-engineer.yaml")
    dice = random.Random(7)
    cases = [invented(number, dice) for number in range(options.profiles)]
    importing, _ = timed(lambda: judge(agent, cases[:1]))
    judging, judged = timed(lambda: judge(agent, cases))
    before = {one.profile_id: _stands(judged, at) for at, one in enumerate(judged.judgements)}
    replaying, again = timed(lambda: replay(agent, cases, before))
    with tempfile.TemporaryDirectory() as folder:
        from gateway.quality.datadocs import write_data_docs

        docs, _ = timed(lambda: write_data_docs(judged, [case.profile_id for case in cases], Path(folder)))
    print(f"{options.profiles} profiles, {judged.statistics['gates']} gates, {judged.statistics['hold']} held")
    scale = options.profiles / 10_000
    figures = [
        figure("judge_s", judging, "s CPU", 5 * scale),
        figure("judge_first_use_s", importing, "s CPU", 15.0),
        figure("replay_s", replaying, "s CPU", 10 * scale),
        figure("data_docs_s", docs, "s CPU", 5.0),
        figure("judge_memory_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB", 700.0),
    ]
    if not again.reproduced:
        print("The replay did not reproduce the verdicts.", file=sys.stderr)
    for one in figures:
        print(json.dumps(one))
    return 0 if again.reproduced and all(one["ok"] for one in figures) else 1


def _stands(judged: BatchJudgement, at: int) -> Before:
    one = judged.judgements[at]
    findings = tuple((f.code, str(f.severity), f.field, f.measured) for f in one.findings)
    return Before(one.outcome, findings, judged.suite_version)


def timed(work: Any) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def figure(name: str, value: float, unit: str, budget: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, "budget": f"<= {budget:g}", "ok": value <= budget}


if __name__ == "__main__":
    sys.exit(main())
