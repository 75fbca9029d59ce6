"""What makes real documents hard, done to generated ones: other people's contact data, lost names, broken addresses, scans.

Each kind is a class seen on real résumés in general. A document may suffer several. The truth goes along: what the page still shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from canvas import Canvas, Run
from personas import CJK, Persona, email_of, faker_for, phone_of

from gateway.extract.page.words import Page, Word

LOOKALIKES = {"l": "1", "I": "l", "O": "0", "0": "O", "1": "l", "m": "rn", "5": "S", "i": "l", ".": ",", "B": "8"}


@dataclass
class Truth:
    """What may be read: any of the values; empty = nothing stands there."""

    names: set[str]
    emails: set[str]
    phones: set[str]


def truth_of(who: Persona) -> Truth:
    return Truth(
        {who.name, who.printed_name}, {who.email.lower()} if who.email else set(), {who.phone} if who.phone else set()
    )


def _shifted(canvas: Canvas, by: float) -> None:
    for run in canvas.runs:
        if run.page == 1:
            run.y += by


def letterhead(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """An agency or employer above everything, in large type, with contact data of its own."""
    fake = faker_for(who.locale)
    _shifted(canvas, 70)
    canvas.text(50, 25, fake.company(), canvas.body * rng.choice([1.2, 1.8, 2.6, 3.0]), bold=rng.random() < 0.6)
    agent = f"{fake.first_name()} {fake.last_name()}"
    number = phone_of(rng, who.country)[1]
    said = f"{agent} | {email_of(rng, agent)} | {number}" if rng.random() < 0.6 else f"{number}  {email_of(rng, agent)}"
    canvas.text(50, 60, said, canvas.body * 0.9)


def footer(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """Somebody else's contact data in the page's foot."""
    fake = faker_for(who.locale)
    agent = f"{fake.first_name()} {fake.last_name()}"
    canvas.text(50, 815, f"{fake.company()} · {email_of(rng, agent)} · {phone_of(rng, who.country)[1]}", 8)


def _name_runs(canvas: Canvas, who: Persona) -> list[Run]:
    words = {w for w in who.printed_name.split() if len(w) > 1}
    return [
        run
        for run in canvas.runs
        if run.page == 1 and run.size > canvas.body and words & set(run.text.split()) and "@" not in run.text
    ]


def name_lost(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """The name is a picture: the page's text does not have it."""
    for run in _name_runs(canvas, who):
        run.text = ""
    last = who.printed_name.split()[-1].strip(",").casefold()
    if not any(last in run.text.casefold() and "@" not in run.text for run in canvas.runs):
        truth.names = set()


def name_small(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    for run in _name_runs(canvas, who):
        run.size, run.bold = canvas.body, rng.random() < 0.4


def large_title(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """A line larger than the name: the position, an employer, a slogan."""
    fake = faker_for(who.locale)
    text = rng.choice([who.title, who.title, fake.company(), who.jobs[0][0], who.sentences[0][:40]])
    _shifted(canvas, 40)
    canvas.text(50, 22, text, canvas.body * rng.choice([2.2, 3.0, 3.4]), bold=rng.random() < 0.7)


def name_cut(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """The name goes on in the next line in another size."""
    for run in _name_runs(canvas, who)[:1]:
        words = run.text.split()
        if len(words) >= 2:
            cut = rng.randint(1, len(words) - 1)
            run.text = " ".join(words[:cut])
            run.y -= 0.5 * run.size
            size = run.size * rng.choice([0.5, 0.7, 1.0])
            canvas.text(run.x, run.y + 1.15 * run.size, " ".join(words[cut:]), size, bold=run.bold)


def email_lost(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    if who.email:
        for run in canvas.runs:
            run.text = run.text.replace(who.email, "")
        truth.emails = set()


def email_broken(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """Spaces or labels in the address, as letter fitting and icon fonts leave them."""
    if not who.email:
        return
    broken = rng.choice(
        [
            who.email.replace("@", " @ "),
            who.email.replace(".", ". "),
            f"E{who.email}",
            f"email{who.email}",
            who.email[: len(who.email) // 2] + " " + who.email[len(who.email) // 2 :],
            f"{who.email}Phone",
        ]
    )
    for run in canvas.runs:
        run.text = run.text.replace(who.email, broken)


def second_number(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """A second number of the person's own: either may be read."""
    if who.printed_phone:
        e164, printed = phone_of(rng, who.country)
        for run in canvas.runs:
            run.text = run.text.replace(who.printed_phone, f"{who.printed_phone} / {printed}")
        truth.phones.add(e164)


def other_country(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """A number written as at home, of somebody who lives elsewhere now."""
    if who.printed_phone:
        country = rng.choice(["US", "IN", "GB", "DE", "FR", "BR", "CN", "ES", "PL", "VN", "NG", "MX"])
        e164, printed = phone_of(rng, country)
        for run in canvas.runs:
            run.text = run.text.replace(who.printed_phone, printed)
        truth.phones = {e164}


def odd_number(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """A number grouped or cut as nobody expects."""
    if who.printed_phone:
        digits = [c for c in who.printed_phone if c.isdigit()]
        plus = "+" if who.printed_phone.startswith("+") else ""
        odd = plus + rng.choice([" ", ".", "-"]).join("".join(digits[i : i + 2]) for i in range(0, len(digits), 2))
        for run in canvas.runs:
            run.text = run.text.replace(who.printed_phone, odd)


def letter_before(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """A cover letter on a page of its own before the résumé, to somebody with a name and an address."""
    fake = faker_for(who.locale)
    for run in canvas.runs:
        run.page += 1
    canvas.page += 1
    to = f"{fake.first_name()} {fake.last_name()}"
    text = [fake.company(), to, fake.city(), "", *who.sentences[:6], "", who.name]
    if rng.random() < 0.5:
        text.insert(3, f"{email_of(rng, to)}  {phone_of(rng, who.country)[1]}")
    for number, line in enumerate(text):
        canvas.runs.append(Run(1, 60, 80 + 22 * number, line, canvas.body))


def strange_place(rng: random.Random, canvas: Canvas, who: Persona, truth: Truth) -> None:
    """The first lines stand at the foot of the page, as some exports order them."""
    for run in canvas.runs:
        if run.page == 1 and run.y < 150:
            run.y += 640


KINDS: tuple[tuple[Callable[[random.Random, Canvas, Persona, Truth], None], float], ...] = (
    (letterhead, 0.07),
    (footer, 0.05),
    (letter_before, 0.04),
    (name_lost, 0.05),
    (name_small, 0.05),
    (large_title, 0.08),
    (name_cut, 0.06),
    (email_lost, 0.04),
    (email_broken, 0.05),
    (second_number, 0.05),
    (other_country, 0.05),
    (odd_number, 0.05),
    (strange_place, 0.04),
)


def stress(rng: random.Random, canvas: Canvas, who: Persona, hardness: float = 1.0) -> Truth:
    """Does some of KINDS to the canvas, or nothing; returns what it still shows. hardness: a factor on the chances."""
    truth = truth_of(who)
    for kind, chance in KINDS:
        if rng.random() < hardness * chance and not (kind in (name_cut, large_title) and who.locale in CJK):
            kind(rng, canvas, who, truth)
    shown = "".join(c for run in canvas.runs for c in run.text if c.isdigit())
    truth.phones = {phone for phone in truth.phones if phone[-6:] in shown}  # some layouts leave the contact out
    return truth


def recognised(rng: random.Random, pages: list[Page]) -> list[Page]:
    """The pages as recognition of a scan gives them: a few look-alikes, no links, no colours."""
    slips = rng.choice([0.0, 0.002, 0.01, 0.03])

    def read(word: Word) -> Word:
        text = "".join(LOOKALIKES.get(c, c) if rng.random() < slips else c for c in word.text)
        return replace(word, text=text, source="ocr", colour=None, confidence=round(rng.uniform(0.85, 0.99), 3))

    return [replace(page, words=tuple(read(word) for word in page.words), links=()) for page in pages]
