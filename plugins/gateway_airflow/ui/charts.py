"""Small pictures as SVG: columns over time, bars of parts, shares with their interval.

Positions are percentages and text keeps its size, so a picture is as wide as its place, on a phone too. Colours are
classes (s0..s5 and meanings such as "good") that the page's style sheet gives for light and dark; nothing is styled
inline. The content of a picture is in its title and description; the figures belong into a table next to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

LABELS = 7  # at most so many dates below columns
HEAD, FOOT = 8, 22  # pixels above the highest column, and for the dates below


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `label` below it, `hint` when pointed at, and its parts by series."""

    label: str
    hint: str
    parts: Mapping[str, int]


def columns(
    given: Sequence[Column], series: Sequence[str], *, classes: Sequence[str], title: str, desc: str, height: int = 180
) -> Markup:
    """Stacked columns with a scale; each series has its class, the first lies at the bottom.

    height   pixels, dates included
    """
    top = max((sum(column.parts.values()) for column in given), default=0)
    marks = ticks(top)
    scale = (height - HEAD - FOOT) / (marks[-1] or 1)
    base = height - FOOT
    width = 100 / max(1, len(given))
    step = -(-len(given) // LABELS)
    grid, bars, dates = Markup(), Markup(), Markup()
    for mark in marks:
        level = _px(base - mark * scale)
        grid += Markup('<line class="rule" x1="0" x2="100%" y1="{0}" y2="{0}"></line>').format(level)
    for n, column in enumerate(given):
        parts, y = Markup(), float(base)
        for name, css in zip(series, classes, strict=True):
            number = column.parts.get(name, 0)
            if number:
                y -= number * scale
                parts += Markup('<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"></rect>').format(
                    css, _pc(n * width + width * 0.12), _px(y), _pc(width * 0.76), _px(number * scale)
                )
        bars += Markup(
            '<g class="column"><title>{}</title><rect class="reach" x="{}%" y="0" width="{}%" height="{}"></rect>{}</g>'
        ).format(column.hint, _pc(n * width), _pc(width), base, parts)
        if n % step == 0:
            dates += Markup('<text class="date{}" x="{}%" y="{}" text-anchor="{}">{}</text>').format(
                " minor" if n // step % 2 else "",
                _pc((n + 0.5) * width),
                height - 6,
                "start" if n == 0 and len(given) > LABELS else "middle",
                column.label,
            )
    scale_texts = Markup().join(
        Markup('<text x="100%" y="{}" text-anchor="end">{}</text>').format(_px(base - mark * scale + 4), f"{mark:,}")
        for mark in marks
    )
    return Markup(
        '<div class="columns"><svg class="scale" width="44" height="{0}" aria-hidden="true">{1}</svg>'
        '<svg class="plot" width="100%" height="{0}" role="img"><title>{2}</title><desc>{3}</desc>{4}{5}{6}</svg></div>'
    ).format(height, scale_texts, title, desc, grid, bars, dates)


def parts_bar(parts: Sequence[tuple[str, int, str]], whole: float, *, title: str, height: int = 14) -> Markup:
    """One horizontal bar of (class, number, what it is) out of `whole`, which is its full width; "" bars are shown too."""
    rects, x = Markup(), 0.0
    for name, number, said in parts:
        if number and whole:
            share = 100 * number / whole
            rects += Markup('<rect class="{}" x="{}%" width="{}%" height="{}"><title>{}</title></rect>').format(
                name, _pc(x), _pc(share), height, said
            )
            x += share
    return _bar(title, height, rects)


def interval(low: float, rate: float, high: float, *, title: str, most: float = 1.0, height: int = 14) -> Markup:
    """A share as a dot on a line from 0 to `most`, with the interval it lies in as a thick stroke."""
    middle = height / 2
    x0, x, x1 = (_pc(100 * min(1.0, value / most)) for value in (low, rate, high))
    inside = Markup(
        '<line class="track" x1="0" x2="100%" y1="{0}" y2="{0}"></line><line class="spread" x1="{1}%" x2="{2}%" '
        'y1="{0}" y2="{0}"></line><circle class="dot" cx="{3}%" cy="{0}" r="4"></circle>'
    ).format(_px(middle), x0, x1, x)
    return _bar(title, height, inside, "interval")


def unknown_bar(*, title: str, height: int = 14) -> Markup:
    """An unknown value: an empty, dashed bar, never one of length zero."""
    rect = Markup('<rect class="unknown" x="1" y="1" width="99%" height="{}" rx="2"></rect>').format(height - 2)
    return _bar(title, height, rect)


def _bar(title: str, height: int, inside: Markup, kind: str = "parts") -> Markup:
    return Markup('<svg class="bar-{}" width="100%" height="{}" role="img"><title>{}</title>{}</svg>').format(
        kind, height, title, inside
    )


def swatch(name: str) -> Markup:
    """The colour of a class, for a legend."""
    return Markup(
        '<svg class="swatch" width="10" height="10" aria-hidden="true"><rect class="{}" width="10" height="10" '
        'rx="2"></rect></svg>'
    ).format(escape(name))


def ticks(top: float) -> list[int]:
    """Round marks from 0 to at least `top`, three to five of them: 0, 20, 40, 60."""
    if top <= 0:
        return [0, 1]
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if step * 4 >= top:
                return [step * n for n in range(-int(-top // step) + 1)]
        size *= 10


def _pc(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def reliability(
    points: Sequence[tuple[float, float, float, float, str]], *, title: str, desc: str, height: int = 220
) -> Markup:
    """What was said against what was true: (said, low, true, high, hint) each, beside the line where both agree.

    Starts at one half unless something surer wrong than that was said, because confidences crowd near 1.
    """
    least = 0.0 if any(min(said, true) < 0.5 for said, _, true, _, _ in points) else 0.5
    base = height - FOOT

    def x(value: float) -> str:
        return _pc(4 + 92 * (value - least) / (1 - least))

    def y(value: float) -> str:
        return _px(base - (base - HEAD) * max(0.0, value - least) / (1 - least))

    inside = Markup('<line class="agree" x1="{}%" y1="{}" x2="{}%" y2="{}"></line>').format(
        x(least), y(least), x(1), y(1)
    )
    for share in (least, (1 + least) / 2, 1.0):
        inside += Markup(
            '<line class="rule" x1="4%" x2="96%" y1="{0}" y2="{0}"></line><text x="3%" y="{1}" text-anchor="end">{2}</text>'
            '<text x="{3}%" y="{4}" text-anchor="middle">{2}</text>'
        ).format(y(share), _px(float(y(share)) + 4), f"{100 * share:.0f}", x(share), height - 6)
    for said, low, true, high, hint in points:
        inside += Markup(
            '<g class="point"><title>{}</title><line class="spread" x1="{}%" x2="{}%" y1="{}" y2="{}"></line>'
            '<circle class="dot" cx="{}%" cy="{}" r="5"></circle></g>'
        ).format(hint, x(said), x(said), y(low), y(high), x(said), y(true))
    return Markup(
        '<svg class="reliability" width="100%" height="{}" role="img"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(height, title, desc, inside)
