"""Texts with slots, in Jinja2's sandbox: texts from an agent's file or an operator can be filled in and do nothing else.

A template sees the values it is given, by name, and Jinja2's filters. It reaches no attribute that begins with an
underscore, calls no function of ours, and knows no settings: there are no globals.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 100_000  # characters of a finished text


class Sandbox(ImmutableSandboxedEnvironment):
    """Without globals and calls: `range`, `lipsum`, `cycler` and foreign macros could escape or burn time."""

    def __init__(self, **given: Any) -> None:
        super().__init__(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **given)
        self.globals.clear()

    # "x" * 10**9 would fill the memory, already while the template is compiled.
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise TemplateError("a template multiplies nothing")

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuses all calls; Jinja2's own loop and filters do not use this."""
        raise TemplateError("a template calls nothing; use filters")


@lru_cache(maxsize=2)
def sandbox(*, html: bool) -> Sandbox:
    """The environment for plain text or for HTML, where values are escaped."""
    return Sandbox(autoescape=html)


def check(text: str, slots: frozenset[str]) -> None:
    """Raises ValueError if the text is not a template or names an unknown slot."""
    try:
        tree = sandbox(html=False).parse(text)
    except TemplateError as wrong:
        raise ValueError(f"the template is not right: {wrong.message}") from wrong
    if strange := sorted(meta.find_undeclared_variables(tree) - slots):
        raise ValueError(f"placeholder {', '.join(strange)} unknown; there are {', '.join(sorted(slots))}")


@lru_cache(maxsize=512)
def _compiled(text: str, html: bool) -> Any:
    return sandbox(html=html).from_string(text)


def filled(text: str, values: dict[str, Any], *, html: bool = False) -> str:
    """The text with its slots filled in. Raises ValueError, which quotes no values."""
    try:
        made = str(_compiled(text, html).render(values))
    except Exception as wrong:  # filters raise as they come; their text may quote a value
        raise ValueError(f"the template cannot be filled in ({type(wrong).__name__})") from None
    if len(made) > LONGEST:
        raise ValueError(f"the filled-in text is longer than {LONGEST} characters")
    return made
