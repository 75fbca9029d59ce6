"""`gateway replay --agent ID [--set CRITERIA.yaml] [--batch ID]`: who would pass or hold now; nothing is sent.

Without --set the agent's present file judges: every verdict comes out as it stands, or the part of the version that
differs (agent, rules, engine) is named. With --set, the keys of CRITERIA.yaml replace those of the agent file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("replay", help="judge history again, as a what-if", description=__doc__)
    parser.add_argument("--agent", required=True, help="agent id")
    parser.add_argument("--set", dest="criteria", type=Path, metavar="CRITERIA.yaml", help="keys of an agent file")
    parser.add_argument("--batch", help="one batch only")
    parser.add_argument("--json", action="store_true", help="one JSON object, with the ids of changed profiles")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Exit code 0, or 1 when verdicts differ that no version explains."""
    from gateway.agents import changed_agent
    from gateway.errors import Misconfigured
    from gateway.pipeline.receive import agent_of
    from gateway.pipeline.replay import replay_history
    from gateway.store.engine import migrate

    migrate()
    agent = agent_of(options.agent)
    if options.criteria is not None:
        try:
            text = options.criteria.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise Misconfigured("AGENT_FILE_INVALID", f"{options.criteria.name} cannot be read as text.") from wrong
        agent = changed_agent(agent, text, options.criteria.name)
    result = replay_history(agent, options.batch)
    if options.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))  # noqa: T201
    else:
        print("\n".join(_lines(result, what_if=options.criteria is not None)))  # noqa: T201
    return 1 if result.unexplained else 0


def _lines(result: Any, *, what_if: bool) -> list[str]:
    lines = [
        f"{result.profiles} profiles judged again; nothing is sent.",
        f"pass: {result.passed_before} before, {result.passed_now} now "
        f"(+{len(result.now_pass)} would pass, -{len(result.now_hold)} would be held)",
    ]
    if result.by_code:
        lines += ["", f"{'held by':28}  before     now"]
        lines += [f"{code:28} {old:7} {new:7}" for code, (old, new) in sorted(
            result.by_code.items(), key=lambda item: (-max(item[1]), item[0]))]  # fmt: skip
        lines.append("")
    if result.reproduced:
        lines.append("Every verdict came out exactly as it stands.")
    elif not what_if:
        parts = sorted({part for parts in result.versions.values() for part in parts})
        told = f"the version differs in: {', '.join(parts)}" if parts else "no version explains it: please report this"
        lines.append(f"{result.changed} verdicts differ; {told}.")
    return lines
