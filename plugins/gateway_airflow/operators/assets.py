"""Assets of ours that other teams' DAGs can be scheduled on."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from typing import Any

from airflow.sdk import Asset, AssetAlias

from gateway_airflow.names import FILES_READY, FILES_URI, INGESTED, INGESTED_URI

log = logging.getLogger(__name__)
FORM = {"agent": str, "path": str, "mode": str, "canary": int}  # what an event may ask for; the form itself checks it
INGESTED_ALIAS = AssetAlias(INGESTED)
FILES_ALIAS = AssetAlias(FILES_READY)


def ingested_asset(agent_id: str) -> Asset:
    """ "Candidates ingested for that agent": an event a batch, its extra {"agent", "batch", "ingested"}. No personal data."""
    return Asset(name=f"ingested_{agent_id}", uri=f"{INGESTED_URI}/{agent_id}")


def tell_ingested(events: Any, news: Iterable[dict[str, Any]]) -> int:
    """Adds an event for each batch. events: outlet_events of a task that has INGESTED_ALIAS as outlet; returns the number."""
    number = 0
    for one in news:
        events[INGESTED_ALIAS].add(ingested_asset(one["agent"]), extra=dict(one))
        number += 1
    return number


def tell_files_ready(events: Any, agents: list[str]) -> None:
    """One event of the asset, whose extra names the agents. events: outlet_events of a task with FILES_ALIAS as outlet."""
    events[FILES_ALIAS].add(Asset(name="files_ready", uri=FILES_URI), extra={"agents": list[Any](agents)})


def forms_of(events: Iterable[Any]) -> list[dict[str, Any]]:
    """What `start_runs` takes, for asset events that ask for a batch. The same event has the same run, however often it is read."""
    found = []
    for event in events:
        extra = {name: value for name, value in (event.extra or {}).items() if name != "from_rest_api"}
        if not (extra.keys() <= FORM.keys() and {"agent", "path"} <= extra.keys()) or not all(
            isinstance(value, FORM[name]) for name, value in extra.items()
        ):
            log.warning(
                "An event at %s asks for no batch: its extra needs agent and path, and may have mode, canary.",
                event.timestamp,
            )
            continue
        named = hashlib.sha256(f"{event.timestamp}{json.dumps(extra, sort_keys=True)}".encode()).hexdigest()[:16]
        found.append(
            {
                "trigger_run_id": f"asset-{named}",
                "conf": extra,
                "note": f"Asked for by an asset event at {event.timestamp}",
            }
        )
    return found
