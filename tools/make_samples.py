"""Writes include/samples/: a small batch in which every outcome appears. Everybody in it is invented.

python tools/make_samples.py        (needs the development environment: fpdf2, pikepdf)
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
from fpdf import FPDF

INTO = Path(__file__).resolve().parents[1] / "include" / "samples" / "backend-engineer"
WHEN = (2026, 1, 5, 9, 0, 0)  # fixed, so that the same command writes the same ZIP

MAREN = {
    "name": "Maren Oakfield",
    "headline": "Backend Engineer",
    "contact": [
        "maren.oakfield@example.com",
        "+1 415 555 0142",
        "Oakland, CA, USA",
        "https://github.com/marenoakfield-sample",
    ],
    "work": [
        (
            "Senior Backend Engineer",
            "Brightharbor Systems",
            "03/2021 - Present",
            [
                "Moved the billing service to event sourcing; incidents fell by half.",
                "Owns the PostgreSQL fleet of 40 databases.",
            ],
        ),
        (
            "Software Engineer",
            "Quillmark Labs",
            "06/2017 - 02/2021",
            ["Built the public API in Python; 1,200 requests a second at the 99th percentile of 80 ms."],
        ),
    ],
    "education": [("BSc Computer Science", "Redcliff State University", "2013 - 2017")],
    "skills": ["Python", "PostgreSQL", "Kafka", "Kubernetes", "Terraform"],
}
TOBIAS = {
    "name": "Tobias Lindqvist-Hale",
    "headline": "Platform Engineer",
    "contact": ["t.lindqvist-hale@example.org", "+44 20 7946 0321", "Bristol, United Kingdom"],
    "work": [
        ("Platform Engineer", "Northmoor Analytics", "2019 - Present", ["Runs the data platform on AWS for 30 teams."]),
        (
            "Systems Administrator",
            "Gannet & Pike Ltd",
            "2014 - 2019",
            ["Moved 200 servers to configuration management."],
        ),
    ],
    "education": [("MEng Software Engineering", "Avonside University", "2010 - 2014")],
    "skills": ["Go", "AWS", "Linux", "Ansible", "Prometheus"],
}
PRIYA = {
    "name": "Priya Ramanathan",
    "headline": "Data Engineer",
    "contact": ["priya.ramanathan@example.net", "+1 206 555 0177", "Seattle, WA, USA"],
    "work": [("Data Engineer", "Tidewater Retail", "2020 - Present", ["Builds pipelines with Airflow and dbt."])],
    "education": [("BEng Information Technology", "Cascade Institute of Technology", "2016 - 2020")],
    "skills": ["Python", "Airflow", "dbt", "SQL", "Spark"],
}
JONAS = {
    "name": "Jonas Feldkamp",
    "headline": "Software Engineer",
    "contact": ["+1 312 555 0119", "Chicago, IL, USA"],
    "work": [("Software Engineer", "Lakeline Logistics", "2018 - Present", ["Wrote the route planner in Rust."])],
    "education": [("BSc Mathematics", "Prairie College", "2014 - 2018")],
    "skills": ["Rust", "C++", "PostgreSQL"],
}
LINA = {
    "name": "Lina Marchetti",
    "headline": "Backend Developer",
    "contact": ["lina.marchetti@example.com", "+1 617 555 0163", "Boston, MA, USA"],
    "work": [("Backend Developer", "Copperline Health", "2022 - Present", ["Designs services in Java and Kotlin."])],
    "education": [("BSc Computer Engineering", "Harbor Technical University", "2018 - 2022")],
    "skills": ["Java", "Kotlin", "Spring", "MySQL"],
}

CSV = """\
Candidate export 2026-01-05;;;;
;;;;
Full Name;E-Mail Address;Mobile No.;City / Town;LinkedIn URL
"Okonkwo, Adaeze";adaeze.okonkwo@example.com;+1 (646) 555-0128;New York;https://www.linkedin.com/in/adaeze-okonkwo-sample
Samuel Brandt ; SAMUEL.BRANDT@EXAMPLE.ORG ;+1 503-555-0186;Portland;
Helena Vasquez;;+1 512 555 0155;Austin;
Maren Oakfield;maren.oakfield@example.com;+1 415 555 0142;Oakland;
"""


def one_column(person: dict[str, Any], path: Path) -> None:
    """A plain résumé: name large on top, contact in one line, sections below."""
    pdf = _new()
    pdf.set_font("Helvetica", "B", 22)
    pdf.cell(0, 11, person["name"], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", "", 12)
    pdf.cell(0, 7, person["headline"], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", "", 9)
    pdf.cell(0, 6, "  |  ".join(person["contact"]), new_x="LMARGIN", new_y="NEXT")
    _body(pdf, person)
    pdf.output(str(path))


def sidebar(person: dict[str, Any], path: Path) -> None:
    """Contact and skills in a coloured column on the left, experience on the right."""
    pdf = _new()
    pdf.set_fill_color(226, 234, 242)
    pdf.rect(0, 0, 68, 297, style="F")
    pdf.set_xy(8, 20)
    pdf.set_font("Helvetica", "B", 11)
    for title, lines in (("CONTACT", person["contact"]), ("SKILLS", person["skills"])):
        pdf.set_x(8)
        pdf.set_font("Helvetica", "B", 10)
        pdf.cell(55, 7, title, new_x="LEFT", new_y="NEXT")
        pdf.set_font("Helvetica", "", 8.5)
        for line in lines:
            pdf.set_x(8)
            pdf.multi_cell(56, 5, line, new_x="LEFT", new_y="NEXT")
        pdf.ln(4)
    pdf.set_left_margin(76)
    pdf.set_xy(76, 18)
    pdf.set_font("Helvetica", "B", 24)
    pdf.cell(0, 12, person["name"], new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", "", 12)
    pdf.cell(0, 8, person["headline"], new_x="LMARGIN", new_y="NEXT")
    _body(pdf, {**person, "skills": []})
    pdf.output(str(path))


def invoice(path: Path) -> None:
    """Not a résumé."""
    pdf = _new()
    pdf.set_font("Helvetica", "B", 18)
    pdf.cell(0, 12, "INVOICE No. 2026-0117", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", "", 10)
    for line in (
        "Quillmark Office Supplies Ltd, 12 Dockside, Bristol",
        "Invoice date: 5 January 2026",
        "Due: 4 February 2026",
        "Item              Quantity     Unit price     Amount",
        "Paper A4, box            12         21.50      258.00",
        "Toner, black              4         64.00      256.00",
        "Subtotal 514.00",
        "VAT 20 % 102.80",
        "Total due 616.80",
        "Please pay to account 00000000, sort code 00-00-00.",
    ):
        pdf.cell(0, 7, line, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))


def _new() -> FPDF:
    from datetime import UTC, datetime

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime(*WHEN, tzinfo=UTC))
    pdf.set_auto_page_break(True, 15)
    pdf.add_page()
    return pdf


def _body(pdf: FPDF, person: dict[str, Any]) -> None:
    def heading(text: str) -> None:
        pdf.ln(3)
        pdf.set_font("Helvetica", "B", 13)
        pdf.cell(0, 8, text, new_x="LMARGIN", new_y="NEXT", border="B")
        pdf.ln(1)

    heading("Experience")
    for position, company, dates, duties in person["work"]:
        pdf.set_font("Helvetica", "B", 10.5)
        pdf.cell(0, 6, position, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", "", 10)
        pdf.cell(0, 5, f"{company}, {dates}", new_x="LMARGIN", new_y="NEXT")
        for duty in duties:
            pdf.multi_cell(0, 5, f"- {duty}", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(1)
    heading("Education")
    for degree, school, dates in person["education"]:
        pdf.set_font("Helvetica", "B", 10.5)
        pdf.cell(0, 6, degree, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", "", 10)
        pdf.cell(0, 5, f"{school}, {dates}", new_x="LMARGIN", new_y="NEXT")
    if person["skills"]:
        heading("Skills")
        pdf.set_font("Helvetica", "", 10)
        pdf.multi_cell(0, 5, ", ".join(person["skills"]), new_x="LMARGIN", new_y="NEXT")


def main() -> None:
    """Writes the whole folder anew."""
    shutil.rmtree(INTO, ignore_errors=True)
    INTO.mkdir(parents=True)
    one_column(MAREN, INTO / "resume-oakfield.pdf")
    sidebar(TOBIAS, INTO / "resume-lindqvist-hale.pdf")
    one_column(JONAS, INTO / "resume-without-email.pdf")
    shutil.copyfile(INTO / "resume-oakfield.pdf", INTO / "resume-oakfield (copy).pdf")
    invoice(INTO / "invoice.pdf")
    plain = INTO / "plain.pdf"
    one_column(LINA, plain)
    with pikepdf.open(plain) as pdf:
        pdf.save(INTO / "resume-encrypted.pdf", encryption=pikepdf.Encryption(owner="sample", user="sample"))
    (INTO / "candidates-export.csv").write_text(CSV, "utf-8")
    one_column(PRIYA, plain)
    with zipfile.ZipFile(INTO / "agency-candidates.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("candidates/resume-ramanathan.pdf", plain.read_bytes()),
            ("candidates/broken.pdf", plain.read_bytes()[:400]),
            ("__MACOSX/candidates/._resume-ramanathan.pdf", b"\0\5\x16\7"),
        ):
            archive.writestr(zipfile.ZipInfo(name, WHEN), content)
    plain.unlink()


if __name__ == "__main__":
    main()
