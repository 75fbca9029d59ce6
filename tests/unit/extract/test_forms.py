"""Values in form fields: each is read once, as the form shows it, and seen on the picture of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image

from gateway.errors import Unreadable
from gateway.extract.child.show import page_png
from gateway.extract.page.pdf_open import open_pdf
from gateway.extract.page.pdf_structure import pages_alone
from gateway.extract.page.pdfium import read_page
from support.pdf_maker import make, read, resume, run

DICT, NAME, TEXT, LIST = pikepdf.Dictionary, pikepdf.Name, pikepdf.String, pikepdf.Array


class Form:
    """A PDF of one page with some printed runs and a form."""

    def __init__(self, path: Path, *pages: Any) -> None:
        self.path = make(path, *pages)
        self.pdf = pikepdf.open(path, allow_overwriting_input=True)
        self.fields: list[Any] = []

    def box(self, x: float, y: float, **more: Any) -> Any:
        page = self.pdf.pages[0].obj
        made = self.pdf.make_indirect(
            DICT(Type=NAME.Annot, Subtype=NAME.Widget, Rect=LIST([x, y, x + 200, y + 14]), P=page, **more)
        )
        page.Annots = LIST([*page.get("/Annots", []), made])
        return made

    def field(self, x: float, y: float, name: str, **more: Any) -> None:
        self.fields.append(self.box(x, y, T=TEXT(name), **more))

    def save(self) -> Path:
        font = self.pdf.make_indirect(DICT(Type=NAME.Font, Subtype=NAME.Type1, BaseFont=NAME.Helvetica))
        self.pdf.Root.AcroForm = DICT(
            Fields=LIST(self.fields), DA=TEXT("/Helv 10 Tf 0 g"), DR=DICT(Font=DICT(Helv=font))
        )
        self.pdf.save(self.path)
        return self.path


def words(path: Path) -> list[tuple[str, bool]]:
    document, _ = open_pdf(path)
    try:
        return [(w.text, w.hidden) for w in read_page(document[0], 1).words if w.source == "form"]
    finally:
        document.close()


def test_a_value_in_several_places_belongs_to_their_common_field(tmp_path: Path) -> None:
    form = Form(tmp_path / "form.pdf", [run(60, 60, "Application")])
    shared = form.pdf.make_indirect(DICT(FT=NAME.Tx, T=TEXT("email"), V=TEXT("greta@example.org")))
    shared.Kids = LIST([form.box(60, 700, Parent=shared), form.box(60, 100, Parent=shared)])
    form.fields.append(shared)
    assert words(form.save()) == [("greta@example.org", False)] * 2


def test_a_choice_is_what_the_form_shows_and_a_tick_is_no_word(tmp_path: Path) -> None:
    form = Form(tmp_path / "form.pdf", [run(60, 60, "Application")])
    options = LIST([LIST([TEXT("DE"), TEXT("Germany")]), LIST([TEXT("GB"), TEXT("United Kingdom")])])
    form.field(60, 700, "country", FT=NAME.Ch, Ff=1 << 17, V=TEXT("GB"), Opt=options)
    form.field(60, 660, "own", FT=NAME.Ch, Ff=1 << 17 | 1 << 18, V=TEXT("Elsewhere"), Opt=options)
    form.field(60, 620, "agree", FT=NAME.Btn, V=NAME.Yes)
    assert [word for word, _ in words(form.save())] == ["United", "Kingdom", "Elsewhere"]


def test_fields_that_the_form_does_not_show_are_hidden_text(tmp_path: Path) -> None:
    form = Form(tmp_path / "form.pdf", [run(60, 60, "Application")])
    form.field(60, 700, "shown", FT=NAME.Tx, V=TEXT("shown"))
    form.field(60, 660, "hidden", FT=NAME.Tx, V=TEXT("hidden"), F=2)
    form.field(60, 620, "unviewed", FT=NAME.Tx, V=TEXT("unviewed"), F=32)
    form.field(60, 580, "secret", FT=NAME.Tx, V=TEXT("secret"), Ff=1 << 13)
    assert words(form.save()) == [("shown", False), ("hidden", True), ("unviewed", True), ("secret", True)]


def test_a_page_cut_out_of_its_form_keeps_its_values(tmp_path: Path) -> None:
    form = Form(tmp_path / "form.pdf", [run(60, 60, "Application")])
    shared = form.pdf.make_indirect(DICT(FT=NAME.Tx, T=TEXT("name"), V=TEXT("Greta Hollingsworth")))
    shared.Kids = LIST([form.box(60, 700, Parent=shared)])
    form.fields.append(shared)
    form.field(60, 620, "agree", FT=NAME.Btn, V=NAME.Yes)
    alone = tmp_path / "alone.pdf"
    alone.write_bytes(pages_alone(form.save(), 1, 1))
    assert [word for word, _ in words(alone)] == ["Greta", "Hollingsworth"]


def test_a_filled_in_form_is_read_once_and_its_values_are_on_the_picture(tmp_path: Path) -> None:
    printed = resume("", "", "", city="")
    form = Form(tmp_path / "form.pdf", [one for one in printed if one[2].strip(" |")])
    values = (("name", "Greta Hollingsworth"), ("email", "greta@example.org"), ("phone", "+49 30 5550111"))
    for number, (name, value) in enumerate(values):
        form.field(60, 780 - 18 * number, name, FT=NAME.Tx, V=TEXT(value), DA=TEXT("/Helv 10 Tf 0 g"))
    path = form.save()
    _, [profile] = read(path)
    assert (profile.name, profile.email, profile.phone) == ("Greta Hollingsworth", "greta@example.org", "+49305550111")
    assert [f.value for f in profile.fields if f.name == "email"] == ["greta@example.org"]
    evidence = profile.best("name").evidence  # type: ignore[union-attr]
    assert evidence is not None
    assert evidence.source == "form"
    picture = tmp_path / "page.png"
    picture.write_bytes(page_png(path, 1, dpi=72))
    with Image.open(picture) as image:
        left, top, right, bottom = evidence.box  # type: ignore[misc]
        dark = image.convert("L").crop((int(left), int(top), int(right), int(bottom))).getextrema()[0]
    assert dark < 128, "the value stands in its box"


@pytest.mark.parametrize("handler", ["/Adobe.PubSec", "/MicrosoftIRMServices"])
def test_a_pdf_for_certain_recipients_is_encrypted_not_damaged(tmp_path: Path, handler: str) -> None:
    path = make(tmp_path / "plain.pdf", [run(60, 60, "Application")])
    encrypt = f"/Encrypt << /Filter {handler} /V 4 /R 4 /Length 128 >> /Root".encode()
    path.write_bytes(path.read_bytes().replace(b"/Root", encrypt, 1))
    with pytest.raises(Unreadable) as raised:
        open_pdf(path)
    assert raised.value.code == "ENCRYPTED_PDF"
    assert "not by a password" in raised.value.sentence


def test_a_form_is_open_in_a_repaired_document_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    form = Form(tmp_path / "form.pdf", [run(60, 60, "Application")])
    shared = form.pdf.make_indirect(DICT(FT=NAME.Tx, T=TEXT("name"), V=TEXT("Greta")))
    shared.Kids = LIST([form.box(60, 700, Parent=shared)])
    form.fields.append(shared)
    path, real = form.save(), pdfium.PdfDocument

    def only_bytes(given: Any) -> Any:
        if isinstance(given, Path):
            raise pdfium.PdfiumError("damaged")
        return real(given)

    monkeypatch.setattr("gateway.extract.page.pdf_open.pdfium.PdfDocument", only_bytes)
    assert words(path) == [("Greta", False)]
