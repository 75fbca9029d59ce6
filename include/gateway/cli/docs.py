"""`gateway docs [--check]`: the pages under docs/ that are generated from the source; --check only compares."""

from __future__ import annotations

import argparse
import json
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("docs", help="write the generated pages of docs/", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is out of date")
    parser.set_defaults(run=run)


def pages() -> dict[str, str]:
    """Path below the repository -> text of every generated page."""
    from gateway.agents import Agent
    from gateway.codes import CODES
    from gateway.codes.docs import codes_markdown

    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Agent.model_json_schema()}
    return {
        "docs/codes.md": codes_markdown(CODES.values()),
        "docs/agent.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
    }


def run(options: argparse.Namespace) -> int:
    from gateway.settings import PROJECT

    stale = []
    for name, text in pages().items():
        path = PROJECT / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        print(f"{name} is out of date; run `python -m gateway docs`" if options.check else f"wrote {name}")  # noqa: T201
    return 1 if options.check and stale else 0
