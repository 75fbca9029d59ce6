"""Who rang for pull_sources: the extras of asset events, and the form of a manual run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.sources.state import Named, every
from gateway_airflow.names import FILES_URI, SOURCES_URI


def rung(context: Mapping[str, Any]) -> set[Named]:
    """The sources that somebody asks for by name; an event of others without names means all that wait to be rung.

    Our own doorbell's events name nobody: what is due is asked anyway.
    """
    found: set[Named] = set()
    for extra in _extras(context):
        agent, source, agents = extra.get("agent"), extra.get("source"), extra.get("agents")
        if isinstance(agents, list):  # the files hook
            found |= {Named(one.id, each.name) for one, each in every() if one.id in agents}
        elif agent and source:
            found.add(Named(str(agent), str(source)))
        elif "from_trigger" not in extra and not _is_ours(extra):
            found |= {Named(one.id, each.name) for one, each in every() if agent in (None, one.id)}
    params = context.get("params") or {}
    if params.get("agent") and params.get("source"):
        found.add(Named(str(params["agent"]), str(params["source"])))
    return found


def _is_ours(extra: Mapping[str, Any]) -> bool:
    payload = extra.get("payload")
    return isinstance(payload, dict) and set(payload) == {"news"}


def _extras(context: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    events = context.get("triggering_asset_events") or {}
    found = []
    for asset, happened in events.items():
        if getattr(asset, "uri", None) in (SOURCES_URI, FILES_URI):
            found += [one.extra or {} for one in happened]
    return found
