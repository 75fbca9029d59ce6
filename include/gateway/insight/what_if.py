"""What-if from a form: an agent's newest history judged under other criteria. Sends nothing, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from gateway.agents.schema import Preset
from gateway.errors import Misconfigured
from gateway.insight.agents import known_agents
from gateway.pipeline.replay import what_if
from gateway.quality.replay import Replay

NEWEST = 3_000  # profiles that are judged again while somebody waits for the page; the command judges all
THRESHOLDS = ("name", "email", "phone")


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was filled in; "" leaves the agent's own. max_error and thresholds in percent, as typed."""

    preset: str = ""
    max_error: str = ""
    required: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    phone_without_country: str = ""
    more: str = ""  # YAML of any other keys

    @property
    def anything(self) -> bool:
        return any((self.preset, self.max_error, self.required, self.name, self.email, self.phone)) or bool(
            self.phone_without_country or self.more.strip()
        )


def criteria_of(asked: Asked) -> str:
    """The form as YAML of an agent file's keys; raises Misconfigured(FORM_INCOMPLETE) for what is no number."""
    said: dict[str, object] = {}
    if asked.preset:
        if asked.preset not in set(Preset):
            raise Misconfigured(
                "FORM_INCOMPLETE", f"There is no preset {asked.preset[:20]!r}: choose one from the list."
            )
        said["preset"] = asked.preset
    if asked.max_error:
        said["automation"] = {"max_error": _percent("The accepted error", asked.max_error)}
    thresholds = {
        name: _percent(f"The confidence of the {name}", given) for name in THRESHOLDS if (given := getattr(asked, name))
    }
    if thresholds:
        said["thresholds"] = thresholds
    if asked.phone_without_country:
        said["phone_without_country"] = asked.phone_without_country
    if asked.required:
        said["fields"] = {"required": [one.strip() for one in asked.required.split(",") if one.strip()]}
    text = yaml.safe_dump(said, sort_keys=False) if said else ""
    return text + (asked.more.strip() + "\n" if asked.more.strip() else "")


def _percent(what: str, given: str) -> float:
    try:
        return round(float(given.replace("%", "").replace(",", ".").strip()) / 100, 6)
    except ValueError:
        raise Misconfigured("FORM_INCOMPLETE", f"{what} is no number of percent: write it like 0.5.") from None


def try_out(agent_id: str, asked: Asked) -> Replay:
    """The newest NEWEST profiles of the agent under those criteria.

    raises   Misconfigured(FORM_INCOMPLETE | AGENT_FILE_INVALID: the line | UNKNOWN_AGENT)
    """
    if agent_id not in known_agents()[0]:
        raise Misconfigured("UNKNOWN_AGENT", f"There is no agent {agent_id!r} with a file.")
    return what_if(agent_id, None, criteria_of(asked), "the form", newest=NEWEST)


def own_of(agent_id: str) -> Mapping[str, str]:
    """What the form shows as the agent's own."""
    agent = known_agents()[0][agent_id]
    return {
        "preset": str(agent.preset),
        "max_error": f"{100 * agent.max_error:g}",
        "required": ", ".join(agent.fields.required),
        "phone_without_country": agent.phone_without_country,
        **{name: f"{100 * agent.thresholds[name]:g}" if name in agent.thresholds else "" for name in THRESHOLDS},
    }
