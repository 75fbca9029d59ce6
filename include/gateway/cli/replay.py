"""`gateway replay [--agent ID] [--batch ID] [--set CRITERIA.yaml]`: shows who would pass or be held now; sends nothing.

Without --set the agent's present file judges: every verdict comes out as it stands, or the part of the version that
differs (agent, rules, engine) is named. With --set, the keys of CRITERIA.yaml replace those of the agent file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("replay", help="judge history again with other criteria", description=__doc__)
    parser.add_argument("--agent", help="agent id; optional with --batch")
    parser.add_argument("--set", dest="criteria", type=Path, metavar="CRITERIA.yaml", help="keys of an agent file")
    parser.add_argument("--batch", help="one batch only")
    parser.add_argument("--json", action="store_true", help="one JSON object, with the ids of changed profiles")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Exit code 0, or 1 if verdicts differ and no version explains it."""
    from gateway.errors import Misconfigured
    from gateway.pipeline.replay import story, what_if
    from gateway.store.engine import migrate

    migrate()
    criteria = None
    if options.criteria is not None:
        try:
            criteria = options.criteria.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            raise Misconfigured("AGENT_FILE_INVALID", f"{options.criteria.name} cannot be read as text.") from wrong
    shown_as = options.criteria.name if options.criteria else ""
    result = what_if(options.agent, options.batch, criteria, shown_as)
    if options.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))  # noqa: T201
    else:
        print("\n".join(story(result, what_if=criteria is not None)))  # noqa: T201
    return 1 if result.unexplained else 0
