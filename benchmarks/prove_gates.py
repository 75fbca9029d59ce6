"""The gates on the shared development corpus: what passes, what holds and why, and how right the automatic passes are.

    python benchmarks/prove_gates.py [--country XX] [--wrong] [--cache FILE]

Reads every résumé and candidate list with the real extraction, judges it under each preset (and under the example
agent backend-engineer), and compares the profiles that pass with the gold: a pass is right when name, e-mail and phone
are all exactly right. Prints how the error grows with the reach of automation for the résumés. Ends with one JSON line a figure: {"name", "value", "unit", "budget", "ok"}; exit code 1 if a
budget is missed.

--country   default country of national phone numbers, as an agent's `country`
--wrong     list the wrong passes by file and field (no values)
--cache     keep what was extracted in this file and use it again (for work on the gates alone)

The corpus is ../shared/corpus beside the repository, or $GATEWAY_CORPUS; the scorers are in ../tools beside it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pickle
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "include"))

from gateway.agents import Agent, load_agent, parse_agent
from gateway.extract.dispatch import read_document
from gateway.model import ExtractedProfile, Hints, Reading
from gateway.quality.case import Case
from gateway.quality.compare import compare
from gateway.quality.duplicates import Person
from gateway.quality.judge import PASS, judge
from gateway.quality.risk import risk_of

CORPUS = Path(os.environ.get("GATEWAY_CORPUS") or ROOT.parent / "shared" / "corpus")
BAR = 0.99
CONTACT = ("name", "email", "phone")


@dataclass
class Read:
    """One profile, where it came from, and which of its contact values are wrong by the gold ([] = all right)."""

    id: str
    file: str
    batch: str
    profile: ExtractedProfile
    reading: Reading
    wrong: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--country")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    if not CORPUS.is_dir():
        print(f"No corpus at {CORPUS}: set GATEWAY_CORPUS to its folder.", file=sys.stderr)
        return 1
    documents = extracted(options)
    profiles = [*resumes(documents), *lists(documents)]
    failed = Counter(reading.code for reading, _ in documents.values() if reading.status == "failed")
    print(f"{len(documents)} documents, {sum(failed.values())} failed {dict(failed)}, {len(profiles)} profiles\n")
    figures = []
    for agent in agents():
        figures += table(agent, profiles, options.wrong)
    curve([one for one in profiles if one.batch == "resumes"])
    for figure in figures:
        print(json.dumps(figure))
    return 0 if all(figure["ok"] for figure in figures) else 1


def agents() -> list[Agent]:
    """The presets by themselves, with default wishes, and the strict example agent (which also requires a phone)."""
    plain = "id: {0}\ntitle: {0}\ntarget: {{posting: x}}\npreset: {0}\nfictional_contacts: mark\n"
    found = [parse_agent(plain.format(preset), preset) for preset in ("lenient", "standard", "strict")]
    return [*found, load_agent(ROOT / "include" / "agents" / "backend-engineer.yaml")]


def extracted(options: argparse.Namespace) -> dict[Path, tuple[Reading, list[ExtractedProfile]]]:
    """Every document of the corpus, read in this process."""
    if options.cache and options.cache.is_file():
        cached: dict[Path, tuple[Reading, list[ExtractedProfile]]] = pickle.loads(options.cache.read_bytes())
        return cached
    hints = Hints(country=options.country)
    documents = {}
    for path in [*sorted((CORPUS / "resumes" / "pdf").glob("*.pdf")), *sorted((CORPUS / "csv").glob("*.csv"))]:
        profiles: list[ExtractedProfile] = []
        documents[path] = (read_document(path, profiles.append, hints, limit_pages=60), profiles)
    if options.cache:
        options.cache.write_bytes(pickle.dumps(documents))
    return documents


def resumes(documents: dict[Path, tuple[Reading, list[ExtractedProfile]]]) -> list[Read]:
    scorer = tool("score_resumes")
    found = []
    for gold in lines(CORPUS / "resumes" / "gold.jsonl"):
        path = CORPUS / "resumes" / "pdf" / Path(gold["file"]).name
        reading, profiles = documents[path]
        wanted = gold["profiles"]
        visible = gold.get("visible_each") or [gold.get("visible") or {}] * len(wanted)
        shown = [{name: getattr(p, name) for name in CONTACT} for p in profiles]
        matched = {j: i for i, j in scorer.pair(wanted, shown)}
        for at, profile in enumerate(profiles):
            wrong = ["nobody"]
            if at in matched:
                gold_at = matched[at]
                wrong = [
                    name
                    for name in CONTACT
                    if not scorer.contact_exact(
                        {**wanted[gold_at], **{other: None for other in CONTACT if other != name}},
                        visible[gold_at],
                        {name: shown[at][name]},
                    )
                ]
            found.append(Read(f"{path.name}#{at}", path.name, "resumes", profile, reading, wrong))
    return found


def lists(documents: dict[Path, tuple[Reading, list[ExtractedProfile]]]) -> list[Read]:
    scorer = tool("score_csv")
    found = []
    for gold in lines(CORPUS / "csv" / "gold.jsonl"):
        path = CORPUS / "csv" / gold["file"]
        reading, profiles = documents[path]
        shown = [{"row": p.row, **{name: getattr(p, name) for name in CONTACT}} for p in profiles]
        wanted = gold.get("profiles") or []
        matched = {j: i for i, j in scorer.align(wanted, shown)}
        for at, profile in enumerate(profiles):
            wrong = ["nobody"]
            if at in matched:
                verdicts = {name: scorer.judge(wanted[matched[at]], name, shown[at][name]) for name in CONTACT}
                wrong = [name for name, verdict in verdicts.items() if verdict in ("fp", "fn", "fpfn")]
            found.append(Read(f"{path.name}#{at}", path.name, path.name, profile, reading, wrong))
    return found


def table(agent: Agent, profiles: list[Read], show_wrong: bool) -> list[dict[str, Any]]:
    """Judges every batch (all résumés; each list) under one agent and prints what came of it."""
    outcome: dict[str, str] = {}
    holding: Counter[str] = Counter()
    for batch in sorted({one.batch for one in profiles}):
        members = [one for one in profiles if one.batch == batch]
        facts = compare({one.id: Person.of(one.profile) for one in members})
        cases = [Case.of(one.id, one.profile, one.reading, **facts[one.id].facts()) for one in members]
        judged = judge(agent, cases)
        outcome |= {j.profile_id: j.outcome for j in judged.judgements}
        holding.update(judged.statistics["held_by"])
    figures = []
    print(f"== {agent.id} ({agent.preset}) ==")
    for what, chosen in (
        ("résumés", [p for p in profiles if p.batch == "resumes"]),
        ("lists", [p for p in profiles if p.batch != "resumes"]),
        ("all", profiles),
    ):
        passed = [p for p in chosen if outcome[p.id] == PASS]
        right = sum(not p.wrong for p in passed)
        good = sum(not p.wrong for p in chosen)
        kept = sum(not p.wrong for p in chosen if outcome[p.id] != PASS)
        print(
            f"{what:8} {len(chosen):4} profiles: pass {len(passed):4} ({len(passed) / max(1, len(chosen)):.1%}), "
            f"hold {len(chosen) - len(passed):4}; right among the passed {right} of {len(passed)} "
            f"({right / max(1, len(passed)):.1%}); of {good} right ones {kept} held"
        )
        if agent.preset == "strict":
            precision = right / len(passed) if passed else 0.0
            figures += [
                {
                    "name": f"pass_precision_{agent.id}_{what}",
                    "value": round(precision, 4),
                    "unit": "share",
                    "budget": f">= {BAR}",
                    "ok": precision >= BAR,
                },
                {
                    "name": f"pass_share_{agent.id}_{what}",
                    "value": round(len(passed) / max(1, len(chosen)), 4),
                    "unit": "share",
                    "budget": "as high as extraction allows",
                    "ok": bool(passed),
                },
            ]
        if show_wrong and what == "all":
            for one in passed:
                if one.wrong:
                    sure = {name: field.confidence for name in CONTACT if (field := one.profile.best(name))}
                    print(f"    wrong pass: {one.file} {', '.join(one.wrong)}; confidence {sure}")
    print("hold by code:", ", ".join(f"{code} {n}" for code, n in holding.most_common()) or "nothing held")
    print()
    return figures


def curve(resumes: list[Read]) -> None:
    """Error against reach: the résumés by their risk, the surest first; who has no name or address never passes."""
    rated = sorted(
        (risk.value, bool(one.wrong))
        for one in resumes
        if one.profile.name and one.profile.email and (risk := risk_of(Case.of(one.id, one.profile, one.reading)))
    )
    print(f"== error against reach, {len(resumes)} résumés by risk ==")
    for share in range(10, 101, 10):
        count = round(share / 100 * len(resumes))
        if count <= len(rated):
            wrong = sum(bad for _, bad in rated[:count])
            print(f"reach {share:3} %: risk up to {rated[count - 1][0]:.4f}, {wrong} of {count} wrong")
    print()


def tool(name: str) -> ModuleType:
    """One of the corpus's own scorers, so that "right" means what it means there."""
    spec = importlib.util.spec_from_file_location(name, CORPUS.parent / "tools" / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{name}.py is not beside the corpus at {CORPUS}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main())
