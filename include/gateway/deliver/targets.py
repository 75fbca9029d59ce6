"""Which target an agent delivers to."""

from __future__ import annotations

from gateway.agents import Agent
from gateway.deliver.own_pool import OwnPool
from gateway.deliver.port import Target
from gateway.errors import Misconfigured


def target_of(agent: Agent) -> Target:
    """The agent's target; raises Misconfigured(TARGET_UNKNOWN) for a kind this version has no adapter for."""
    if agent.target.kind == OwnPool.kind:
        return OwnPool()
    raise Misconfigured("TARGET_UNKNOWN", f"Agent {agent.id}: there is no target of kind {agent.target.kind!r}.")
