"""Agent files: one YAML an interview agent, validated, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import Misconfigured
from gateway.model import AgentState, Mode


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(Strict):
    """Where passing profiles go."""

    kind: Literal["own_pool"] = "own_pool"
    posting: str = Field(min_length=1, max_length=200)


class Notify(Strict):
    """Who hears about a finished batch. Connections are Airflow's; addresses get counts and codes, never people."""

    log: bool = True
    email: tuple[str, ...] = ()
    smtp_connection: str = "smtp_default"
    webhook_connection: str | None = None


class Agent(Strict):
    """One interview agent."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    title: str
    state: AgentState = AgentState.OPEN
    target: Target
    default_mode: Mode = Mode.REVIEW
    country: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    notify: Notify = Notify()


def load_agent(path: Path) -> Agent:
    """The agent in one YAML file; raises Misconfigured(AGENT_FILE_INVALID) naming file and line."""
    try:
        return Agent.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (ValidationError, yaml.YAMLError, OSError) as wrong:
        raise Misconfigured("AGENT_FILE_INVALID", f"Agent file {path.name}: {wrong}") from wrong


def load_agents(folder: Path) -> dict[str, Agent]:
    """Every agent of a folder by id; the file's name must be the id. Raises Misconfigured."""
    return {path.stem: load_agent(path) for path in sorted(folder.glob("*.yaml"))}


def load_agents_lenient(folder: Path) -> tuple[dict[str, Agent], list[Misconfigured]]:
    good, bad = {}, []
    for path in sorted(folder.glob("*.yaml")):
        try:
            good[path.stem] = load_agent(path)
        except Misconfigured as wrong:
            bad.append(wrong)
    return good, bad
