"""Agent files: one YAML an interview agent, validated, unknown keys refused. `include/agents/` holds the examples."""

from __future__ import annotations

from .files import changed_agent, load_agent, load_agents, load_agents_lenient, parse_agent
from .notices import Notify
from .outreach import Outreach, Template
from .schema import (
    FIELD_NAMES,
    Agent,
    Allowed,
    BatchLimits,
    Fields,
    HeyMiloTarget,
    OwnExpectation,
    PoolTarget,
    Preset,
    Target,
    WebhookTarget,
)

__all__ = [
    "FIELD_NAMES",
    "Agent",
    "Allowed",
    "BatchLimits",
    "Fields",
    "HeyMiloTarget",
    "Notify",
    "Outreach",
    "OwnExpectation",
    "PoolTarget",
    "Preset",
    "Target",
    "Template",
    "WebhookTarget",
    "changed_agent",
    "load_agent",
    "load_agents",
    "load_agents_lenient",
    "parse_agent",
]
