"""`gateway agents check [FILE...]`: validates agent files and builds their suites. --schema for editors,
--live asks each agent's target whether it takes candidates now (AIRFLOW_CONN_<ID> holds its connection) and lists what is
left to do before the agent's first batch; sends nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("agents", help="check the agent files", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="validate agent files and build their suites")
    check.add_argument("files", nargs="*", type=Path, help="agent files (default: all files of the agents folder)")
    check.add_argument("--schema", action="store_true", help="print the JSON Schema of an agent file instead")
    check.add_argument("--json", action="store_true", help="one JSON line per file")
    check.add_argument("--live", action="store_true", help="ask each agent's target whether it accepts candidates now")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Exit code 0 if every file is valid, else 1."""
    if options.schema:
        from gateway.cli.docs import pages

        print(pages()["docs/agent.schema.json"], end="")  # noqa: T201
        return 0
    from gateway.agents.files import agent_files
    from gateway.settings import settings

    files = options.files or agent_files(settings().agents_dir)
    if options.live:
        from gateway.store.engine import migrate

        migrate()  # the calls take their turn among those of the workers
    results = [_checked(path, live=options.live) for path in files]
    for one in results:
        if options.json:
            print(json.dumps(one, ensure_ascii=False))  # noqa: T201
        elif one["ok"]:
            open_ = f"; {one['target']} takes candidates" if options.live else ""
            print(f"{one['file']}: valid; {one['preset']}, {one['gates']} gates, {one['holding']} of them hold{open_}")  # noqa: T201
            for line in one.get("checklist", []):
                mark = {"done": "done   ", "todo": "TO DO  "}.get(line["state"], "not asked")
                print(f"  {mark} {line['title']}{': ' + line['then'] if line['then'] else ''}")  # noqa: T201
            print(f"  at {one['max_error']:.1%} error, about {one['through']:.0%} of résumés go through")  # noqa: T201
        else:
            print(one["error"], file=sys.stderr)  # noqa: T201
    if not results:
        print(f"No agent file in {settings().agents_dir}; put one YAML file per agent there.", file=sys.stderr)  # noqa: T201
    return 0 if results and all(one["ok"] for one in results) else 1


def _checked(path: Path, *, live: bool) -> dict[str, Any]:
    from gateway.agents import load_agent
    from gateway.errors import GatewayError
    from gateway.model import Severity
    from gateway.quality.engine import suite_of
    from gateway.quality.gates import gates_for
    from gateway.quality.risk import reach_for
    from gateway.quality.versions import suite_version

    checklist: list[dict[str, Any]] = []
    try:
        agent = load_agent(path)
        gates = gates_for(agent)
        suite_of(agent.id, gates)
        if live:
            from gateway.insight.readiness import readiness
            from gateway.pipeline.delivery.deliver import check_live

            check_live(agent)
            checklist = [asdict(line) for line in readiness(agent, live=True)]
    except GatewayError as wrong:
        return {"file": path.name, "ok": False, "code": wrong.code, "error": f"{path.name}: {wrong.sentence}"}
    return {
        "file": path.name,
        "ok": True,
        "id": agent.id,
        "target": f"{agent.target.kind}/{agent.target.posting}",
        "preset": str(agent.preset),
        "gates": len(gates),
        "max_error": agent.max_error,
        "through": reach_for(agent.max_error)["real"],
        "holding": sum(gate.severity is Severity.CRITICAL for gate in gates),
        "suite_version": suite_version(agent),
        **({"checklist": checklist} if live else {}),
    }
