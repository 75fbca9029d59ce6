"""Every gate of an agent as plain data: its column, its severity under each preset, and its message.

No Great Expectations here: engine.py turns the bound gates of an agent into a real suite. Severities are Great
Expectations' own: critical holds a profile, warning marks it, info counts it; a dash switches a gate off.
One module a kind: values (is it such a value), trust (how well it was read), others (compared with other profiles).
"""

from __future__ import annotations

from gateway.agents import Agent
from gateway.quality.gates.base import ORDER, Gate
from gateway.quality.gates.others import other_gates, own_gates
from gateway.quality.gates.trust import trust_gates
from gateway.quality.gates.values import value_gates

__all__ = ["Gate", "gates_for"]


def gates_for(agent: Agent) -> tuple[Gate, ...]:
    """The gates of an agent, in the order they are shown. Pure: the same agent always gives the same gates."""
    at = ORDER.index(agent.preset)
    return (*value_gates(agent), *trust_gates(agent, at), *other_gates(at), *own_gates(agent))
