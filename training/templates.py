"""Layouts of generated résumés, drawn on the small canvas of canvas.py.

Every document mixes a structure with random type, order, labels, separators and decoys. STRUCTURES are used for training,
HELD_OUT only for measuring how the scorer does on layouts it has not seen.
"""

from __future__ import annotations

import random

from canvas import HEIGHT, WIDTH, Canvas, Column, ruler
from personas import CJK, Persona, heading, label

STRUCTURES = (
    "single",
    "sidebar_left",
    "banner",
    "centred",
    "title_first",
    "labels",
    "side_labels",
    "contact_right",
    "contact_last",
)
HELD_OUT = ("sidebar_right", "footer_contact", "table_header", "three_in_row")
ICONS = {"email": "\uf0e0", "phone": "\uf095", "address": "\uf3c5", "web": "\uf0ac"}


def contact_lines(rng: random.Random, who: Persona, style: str) -> list[str]:
    """The contact block as texts, one a piece."""
    place = rng.choice(
        [
            f"{who.city}, {who.country_name}",
            f"{who.street}, {who.postcode} {who.city}",
            f"{who.street}, {who.postcode} {who.city}, {who.country_name}",
            f"{who.city}",
            f"{who.city}, {who.country}",
        ]
    )
    items = [("address", place)] if rng.random() < 0.85 else []
    items += [("email", who.email)] if who.email else []
    items += [("phone", who.printed_phone)] if who.printed_phone else []
    items += [("web", link) for link in who.links]
    if rng.random() < 0.5:
        rng.shuffle(items)
    decoys = []
    if rng.random() < 0.3:
        born = rng.choice(["12.04.1986", "03/11/1990", "1988-07-21", "7 May 1979"])
        decoys.append(
            ("notphone", born, rng.choice(["Date of birth", "Born", "Geburtsdatum", "Fecha de nacimiento", "DOB"]))
        )
    if rng.random() < 0.15:
        decoys.append(
            (
                "notphone",
                f"{rng.choice('ABCXYZ')}{rng.randint(1000000, 99999999)}",
                rng.choice(["Passport", "ID", "NIF", "Steuer-ID"]),
            )
        )
    if rng.random() < 0.15 and who.printed_phone:
        decoys.append(("fax", who.printed_phone[:-2] + f"{rng.randint(10, 99)}", "Fax"))
    out = []
    for kind, text in items:
        if style == "labels":
            out.append(f"{label(rng, kind)}{rng.choice([': ', ': ', ' '])}{text}")
        elif style == "icons":
            out.append(f"{ICONS[kind]} {text}")
        else:
            out.append(str(text))
    for _, text, name in decoys:
        out.insert(rng.randint(0, len(out)), f"{name}: {text}")
    return out


def name_line(rng: random.Random, column: Column, who: Persona, align: str) -> None:
    size = rng.choice([1.5, 1.8, 2.0, 2.4, 2.8]) * column.canvas.body if rng.random() < 0.9 else column.canvas.body
    look = {"bold": rng.random() < 0.7, "colour": rng.choice([0, 0, 0x1F3864, 0x8B0000, 0x2E74B5])}
    text = who.printed_name
    if rng.random() < 0.08 and who.locale not in CJK:
        text = "   ".join(" ".join(word) for word in who.printed_name.split())  # letter-spaced
    style = rng.random()
    words = text.split()
    if len(words) >= 2 and who.locale not in CJK and rng.random() < 0.14 and align == "left":
        cut = rng.randint(1, len(words) - 1)
        end = column.canvas.text(column.x, column.y, " ".join(words[:cut]), size, colour=0x777777)
        column.canvas.text(
            end + 0.28 * size, column.y, " ".join(words[cut:]), size, bold=rng.random() < 0.6, colour=0x222222
        )
        column.y += 1.5 * size
        column.line(who.title, 1.1 * column.canvas.body)
        return
    if len(words) >= 2 and rng.random() < 0.12:
        cut = rng.randint(1, len(words) - 1)
        column.line(" ".join(words[:cut]), size, align=align, **look)
        column.line(" ".join(words[cut:]), size, align=align, gap=4, **look)
        column.line(who.title, 1.1 * column.canvas.body, align=align)
        return
    if style < 0.07:
        column.line(f"{text}{rng.choice([', ', ' | ', ' – '])}{who.title}", size, align=align, **look)
        return
    column.line(text, size, align=align, gap=0.3 * size, **look)
    if style < 0.6:
        column.line(
            who.title, rng.choice([1.0, 1.2, 1.4]) * column.canvas.body, align=align, colour=rng.choice([0, 0x666666])
        )


def contact_block(
    rng: random.Random, column: Column, who: Persona, align: str = "left", style: str | None = None
) -> None:
    style = style or rng.choice(["plain", "labels", "icons", "row", "row"])
    pieces = contact_lines(rng, who, "plain" if style == "row" else style)
    size = rng.choice([0.85, 0.9, 1.0]) * column.canvas.body
    if style == "row":
        column.line(rng.choice([" | ", " · ", " • ", ", ", "   "]).join(pieces), size, gap=4, align=align)
    else:
        for piece in pieces:
            column.line(piece, size, align=align)
    column.y += 4


def title_of(rng: random.Random, column: Column, section: str, who: Persona, look: dict[str, object]) -> None:
    text = heading(rng, section, who.language)
    column.y += 0.8 * column.canvas.body
    column.line(
        text.upper() if look["upper"] else text,
        float(str(look["scale"])) * column.canvas.body,
        gap=2,
        bold=look["bold"],
        colour=look["colour"],
    )


def body_sections(rng: random.Random, column: Column, who: Persona, names: list[str]) -> None:
    look = {
        "upper": rng.random() < 0.4,
        "bold": rng.random() < 0.8,
        "scale": rng.choice([1.1, 1.25, 1.5]),
        "colour": rng.choice([0, 0x2E74B5, 0x8B0000]),
    }
    bullet = rng.choice(["• ", "- ", "– ", "* ", ""])
    for section in names:
        title_of(rng, column, section, who, look)
        if section == "summary":
            column.line(" ".join(who.sentences[:2]))
        elif section == "work":
            _jobs(rng, column, who, bullet)
        elif section == "education":
            for school, degree, period in who.schools:
                column.pair(degree, period, bold=True)
                column.line(school)
        elif section == "skills":
            column.line(rng.choice([", ", " · ", " | ", ", "]).join(who.skills))
        elif section == "languages":
            column.line("English (B2)")
        elif section == "references":
            for name, job, email, phone in who.referees:
                column.line(name, bold=rng.random() < 0.6)
                column.line(f"{job}. {email}, {phone}" if rng.random() < 0.6 else f"{job}")
                if rng.random() < 0.3:
                    column.line(f"{email} | {phone}")
        elif section == "other":
            column.line(
                f"{who.sentences[5]} ISBN 978-{rng.randint(1, 9)}-{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}-{rng.randint(1, 9)}"
            )


def _jobs(rng: random.Random, column: Column, who: Persona, bullet: str) -> None:
    style = rng.choice(["pair", "stack", "line"])
    for company, position, period, city in who.jobs:
        if style == "pair":
            column.pair(position, period, bold=True)
            column.line(f"{company}, {city}")
        elif style == "stack":
            column.line(period)
            column.line(position, bold=True)
            column.line(company)
        else:
            column.line(f"{position}, {company} ({period})", bold=True)
        for sentence in rng.sample(who.sentences, 2):
            if rng.random() < 0.1 and who.referees:
                sentence += f" Call {who.referees[0][3]} or write to {who.referees[0][2]}."
            if rng.random() < 0.1:
                sentence += f" Budget {rng.randint(100, 999)} {rng.randint(100, 999)} {rng.randint(100, 999)}."
            column.line(bullet + sentence)
        column.y += 3


def order_of(rng: random.Random) -> list[str]:
    names = ["summary", "work", "education", "skills"]
    if rng.random() < 0.5:
        names = ["summary", "skills", "work", "education"]
    for extra, chance in (("languages", 0.5), ("references", 0.5), ("other", 0.3)):
        if rng.random() < chance:
            names.append(extra)
    if "references" in names and rng.random() < 0.15:
        names.remove("references")
        names.insert(0, "references")
    return names if rng.random() < 0.85 else names[1:]


def draw(rng: random.Random, who: Persona, structure: str) -> Canvas:
    """The document of a person in a structure."""
    canvas = Canvas(rng.choice(["sans", "serif"]), rng.choice([9.0, 9.5, 10.0, 10.5, 11.0]))
    if who.locale not in CJK:
        canvas.measure = ruler()
    if rng.random() < 0.4:
        canvas.uris = {link: link if "//" in link else f"https://{link}" for link in who.links}
        if who.email:
            canvas.uris[who.email] = f"mailto:{who.email}"
        for _, _, email, _ in who.referees[:1]:
            canvas.uris[email] = f"mailto:{email}"
    left, right = rng.choice([40.0, 50.0, 62.0, 72.0]), WIDTH - rng.choice([40.0, 55.0, 72.0])
    names = order_of(rng)
    main = Column(canvas, left, rng.choice([30.0, 45.0, 60.0]), right)
    if structure in ("sidebar_left", "sidebar_right"):
        _sidebar(rng, canvas, who, names, structure)
        return canvas
    if structure == "side_labels":
        name_line(rng, main, who, "left")
        contact_block(rng, main, who)
        _side_labels(rng, canvas, main, who, names)
        return canvas
    _head(rng, main, who, structure)
    body_sections(rng, main, who, names)
    _foot(rng, main, who, structure)
    return canvas


def _head(rng: random.Random, main: Column, who: Persona, structure: str) -> None:
    """Name and contact above the sections, as the structure has them."""
    canvas, left, right = main.canvas, main.x, main.right
    if structure == "title_first":
        title = rng.choice(["Curriculum Vitae", "Résumé", "CV", "Lebenslauf", "Curriculum", "Hoja de vida"])
        main.line(title, 2 * canvas.body, align=rng.choice(["left", "centre"]), bold=True, gap=6)
        main.line(who.printed_name, canvas.body * rng.choice([1.0, 1.2]), bold=rng.random() < 0.7)
        contact_block(rng, main, who, style=rng.choice(["labels", "plain"]))
    elif structure == "labels":
        name_line(rng, main, who, "left")
        for piece in contact_lines(rng, who, "labels"):
            name, _, value = piece.partition(":") if ":" in piece else piece.partition(" ")
            canvas.text(main.x, main.y, name, colour=0x555555)
            canvas.text(main.x + 110, main.y, value.strip())
            main.y += 1.4 * canvas.body
    elif structure == "table_header":
        canvas.text(main.x, main.y, who.printed_name, canvas.body * rng.choice([1.0, 1.8]), bold=True)
        beside = Column(canvas, WIDTH / 2, main.y, right)
        contact_block(rng, beside, who, align="right", style="plain")
        main.y = max(main.y + 2 * canvas.body, beside.y) + 6
        main.line(who.title, bold=True)
    elif structure == "contact_right":
        name_line(rng, main, who, "left")
        beside = Column(canvas, WIDTH * 0.55, 40.0, right)
        contact_block(rng, beside, who, align="right", style=rng.choice(["plain", "icons"]))
        main.y = max(main.y, beside.y) + 8
    elif structure == "three_in_row":
        name_line(rng, main, who, "centre")
        pieces = contact_lines(rng, who, "plain")
        third = (right - left) / 3
        for number in range(3):
            column = Column(canvas, left + number * third, main.y, left + (number + 1) * third - 8)
            for piece in pieces[number::3]:
                column.line(piece, 0.85 * canvas.body)
        main.y += 4 * canvas.body
    elif structure in ("footer_contact", "contact_last"):
        name_line(rng, main, who, rng.choice(["left", "centre"]))
    else:
        align = "centre" if structure == "centred" else "left"
        name_line(rng, main, who, align)
        if rng.random() < 0.1:
            title_of(rng, main, "contact", who, {"upper": False, "bold": True, "scale": 1.2, "colour": 0})
        contact_block(rng, main, who, align)


def _foot(rng: random.Random, main: Column, who: Persona, structure: str) -> None:
    """What stands below the sections."""
    canvas, left, right = main.canvas, main.x, main.right
    if structure == "footer_contact":
        page, canvas.page = canvas.page, 1
        foot = Column(canvas, left, HEIGHT - rng.choice([55, 75, 95]), right)
        foot.line(
            rng.choice([" | ", " · ", "  •  "]).join(contact_lines(rng, who, "plain")),
            0.85 * canvas.body,
            align="centre",
        )
        canvas.page = page
    elif structure == "contact_last":
        title_of(rng, main, "contact", who, {"upper": False, "bold": True, "scale": 1.25, "colour": 0})
        contact_block(rng, main, who, style=rng.choice(["plain", "labels", "row"]))
    elif rng.random() < 0.15:
        canvas.text(left, HEIGHT - 30, f"{who.name} - {rng.choice(['page', 'Seite', 'p.'])} 1", 8)


def _sidebar(rng: random.Random, canvas: Canvas, who: Persona, names: list[str], structure: str) -> None:
    width = rng.choice([150.0, 170.0, 190.0])
    side_left = structure == "sidebar_left"
    side = Column(
        canvas, 30.0 if side_left else WIDTH - width, 45.0, (30.0 if side_left else WIDTH - width) + width - 25
    )
    main = Column(canvas, width + 40 if side_left else 45.0, 45.0, WIDTH - 40 if side_left else WIDTH - width - 25)
    aside = [n for n in ("skills", "languages", "education") if n in names and rng.random() < 0.6]
    rest = [n for n in names if n not in aside]

    def draw_side() -> None:
        if name_in_side:
            name_line(rng, side, who, "left")
        if rng.random() < 0.7:
            title_of(rng, side, "contact", who, {"upper": False, "bold": True, "scale": 1.2, "colour": 0})
        contact_block(rng, side, who, style=rng.choice(["plain", "icons", "labels"]))
        body_sections(rng, side, who, aside)

    name_in_side = rng.random() < 0.3
    if rng.random() < 0.5:
        draw_side()
        canvas.page = 1
    if not name_in_side:
        name_line(rng, main, who, "left")
    body_sections(rng, main, who, rest)
    if not side.y > 46:
        canvas.page = 1
        draw_side()


def _side_labels(rng: random.Random, canvas: Canvas, main: Column, who: Persona, names: list[str]) -> None:
    inner = Column(canvas, main.x + 110, main.y, main.right)
    for section in names:
        inner.y += 8
        if inner.y > HEIGHT - 90:
            canvas.page += 1
            inner.y = 50
        canvas.text(main.x, inner.y, min((heading(rng, section, who.language) for _ in range(4)), key=len), bold=True)
        if section == "summary":
            inner.line(who.sentences[0])
        elif section == "work":
            _jobs(rng, inner, who, "• ")
        elif section == "skills":
            inner.line(", ".join(who.skills))
        elif section == "references":
            for name, job, email, phone in who.referees:
                inner.line(f"{name}, {job}, {email}, {phone}")
        else:
            inner.line(who.schools[0][0])
