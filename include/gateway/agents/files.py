"""Reading agent files, with the line in every error."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gateway.agents.schema import Agent
from gateway.errors import Misconfigured
from gateway.values.text import is_storable

LIMIT_BYTES = 1_000_000  # an agent file is a page or two; anything near this is a mistake


class _UniqueKeys(yaml.SafeLoader):
    """SafeLoader without two traps of YAML 1.1: a key written twice (the last one wins in silence) is refused, and
    NO, yes, on, off are words (`country: NO` is Norway), not booleans.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_UniqueKeys.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_UniqueKeys.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def load_agent(path: Path) -> Agent:
    """The agent in one YAML file.

    raises  Misconfigured(AGENT_FILE_INVALID): unreadable, no YAML, unknown key, wrong value, or an id that is not
            the file's name. The sentence names the file and, for each mistake, its line.
    """
    try:
        if path.stat().st_size > LIMIT_BYTES:
            raise _invalid(path.name, ["it is larger than 1 MB; an agent file holds a page of settings"])
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise _invalid(path.name, [f"it cannot be read as UTF-8 text ({type(wrong).__name__})"]) from wrong
    agent = parse_agent(text, path.name)
    if agent.id != path.stem:
        raise _invalid(path.name, [f"id is {agent.id!r} but the file is named {path.stem!r}; make them the same"])
    return agent


@lru_cache(maxsize=256)
def parse_agent(text: str, shown_as: str) -> Agent:
    """The agent in a YAML text; `shown_as` names it in errors. Raises Misconfigured(AGENT_FILE_INVALID).

    The same text is parsed once a process: a page and a decision each ask for it, and YAML takes milliseconds.
    """
    content, node = _mapping(text, shown_as)
    return _validated(content, node, shown_as)


def changed_agent(agent: Agent, text: str, shown_as: str) -> Agent:
    """The agent with the keys of a YAML text in place of its own, for a what-if.

    Mappings (fields, allowed, limits, thresholds) are changed key by key; lists and values are replaced. The id stays.
    raises  Misconfigured(AGENT_FILE_INVALID) naming the line of the text
    """
    content, node = _mapping(text, shown_as)
    if "id" in content and content["id"] != agent.id:
        raise _invalid(shown_as, [f"id: criteria cannot change the agent's id {agent.id!r}"])
    merged: dict[Any, Any] = agent.model_dump(mode="json")
    for key, value in content.items():
        old = merged.get(key)
        merged[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    if isinstance(content.get("fields"), dict):
        merged["fields"] = _moved(agent.fields.model_dump(mode="json"), content["fields"])
    return _validated(merged, node, shown_as)


def _moved(old: dict[str, list[str]], new: dict[str, Any]) -> dict[str, Any]:
    """Merges the field lists: a field named in one list is removed from the others."""
    named = {name for names in new.values() if isinstance(names, list) for name in names if isinstance(name, str)}
    return {**{key: [name for name in names if name not in named] for key, names in old.items()}, **new}


def _mapping(text: str, shown_as: str) -> tuple[dict[Any, Any], yaml.Node | None]:
    try:
        node = yaml.compose(text, Loader=_UniqueKeys)
        content = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader with one more check
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise _invalid(shown_as, [f"{where}{wrong.problem or 'no YAML'}"]) from wrong
    except yaml.YAMLError as wrong:
        raise _invalid(shown_as, ["it is not YAML"]) from wrong
    except Exception as wrong:  # a date that does not exist, 500 open brackets, !!int abc: PyYAML raises as it comes
        raise _invalid(shown_as, [f"a value cannot be built ({type(wrong).__name__})"]) from wrong
    if not isinstance(content, dict):
        raise _invalid(shown_as, ["line 1: it must be a mapping with id, title and target"])
    if (line := _unstorable(node)) is not None:
        raise _invalid(shown_as, [f"line {line}: it holds a character that is not text (NUL or half of a pair)"])
    return content, node


def _unstorable(node: yaml.Node | None) -> int | None:
    """The line of the first text that no store accepts."""
    waiting, seen = [node], set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:  # an alias stands for a node that was looked at
            continue
        seen.add(id(one))
        if isinstance(one, yaml.ScalarNode) and not is_storable(one.value):
            return int(one.start_mark.line) + 1
        if isinstance(one, yaml.SequenceNode):
            waiting += one.value
        elif isinstance(one, yaml.MappingNode):
            waiting += [part for pair in one.value for part in pair]
    return None


def _validated(content: dict[Any, Any], node: yaml.Node | None, shown_as: str) -> Agent:
    try:
        return Agent.model_validate(content)
    except ValidationError as wrong:
        mistakes = [_mistake(node, error["loc"], error["msg"], error["type"]) for error in wrong.errors()]
        raise _invalid(shown_as, mistakes) from wrong


def load_agents(folder: Path) -> dict[str, Agent]:
    """Every agent of a folder by id. Raises Misconfigured for the first bad file."""
    return {path.stem: load_agent(path) for path in agent_files(folder)}


def load_agents_lenient(folder: Path) -> tuple[dict[str, Agent], list[Misconfigured]]:
    """Every valid agent of a folder by id, and the error of each bad file: one mistake must not stop the others."""
    good: dict[str, Agent] = {}
    bad: list[Misconfigured] = []
    for path in agent_files(folder):
        try:
            good[path.stem] = load_agent(path)
        except Misconfigured as wrong:
            bad.append(wrong)
    return good, bad


def agent_files(folder: Path) -> list[Path]:
    """YAML files of the folder in order; .yml counts too, so that no file is overlooked because of its ending."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and not p.name.startswith("."))


def _invalid(shown_as: str, mistakes: list[str]) -> Misconfigured:
    return Misconfigured(
        "AGENT_FILE_INVALID", f"Agent file {shown_as}: " + "; ".join(mistakes) + ".", subject=Path(shown_as).stem
    )


def _mistake(root: yaml.Node | None, loc: Sequence[int | str], message: str, kind: str) -> str:
    """One pydantic error as "line 7: fields.required.1: ...", at the deepest place the file has for it."""
    node, line = root, 1
    for step in loc:
        found = _child(node, step)
        if found is None:
            continue  # pydantic adds steps that are not in the file, such as a union's branch
        node, line = found
    if kind == "extra_forbidden":
        message = "unknown key; see `python -m gateway agents check --schema` for those there are"
    if kind == "missing":
        message = "missing"
    place = ".".join(str(step) for step in loc if step != "[key]")
    return f"line {line}: {place}: {message.removeprefix('Value error, ')}" if place else f"line {line}: {message}"


def _child(node: yaml.Node | None, step: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    return None
