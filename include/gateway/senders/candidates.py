"""Candidates as JSON: checked, then written as the list that every stage reads like any other list."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import Misconfigured

MOST = 10_000
LIMIT_BYTES = 20_000_000
FILE = "candidates.csv"
Text = Annotated[str, Field(max_length=2000)]
Texts = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=100)]
COLUMNS = {
    "name": "Full name",
    "email": "Email",
    "phone": "Phone",
    "location": "Location",
    "headline": "Job title",
    "links": "Links",
    "skills": "Skills",
    "languages": "Languages",
    "company": "Current company",
    "university": "University",
    "degree": "Degree",
}


class Candidate(BaseModel):
    """One candidate. Everything may be missing; the agent's gates decide what is needed."""

    model_config = ConfigDict(extra="forbid")
    name: Text = ""
    email: Text = ""
    phone: Text = Field(default="", description="With the country code: +49 30 5550101")
    location: Text = ""
    headline: Text = Field(default="", description="Current job title")
    links: Texts = Field(default_factory=list)
    skills: Texts = Field(default_factory=list)
    languages: Texts = Field(default_factory=list)
    company: Text = Field(default="", description="Current company")
    university: Text = ""
    degree: Text = ""


class Candidates(BaseModel):
    """The body of a request with candidates instead of files."""

    model_config = ConfigDict(extra="forbid")
    candidates: Annotated[list[Candidate], Field(min_length=1, max_length=MOST)]


def list_of(body: bytes) -> bytes:
    """The body as a CSV file, UTF-8. Raises Misconfigured(API_REQUEST_INVALID) naming the place and the rule, never the value."""
    try:
        given = Candidates.model_validate_json(body)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Misconfigured("API_REQUEST_INVALID", f"The candidates are invalid at {place}: {first['msg']}.") from None
    used = [name for name in COLUMNS if any(getattr(one, name) for one in given.candidates)] or ["name"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([COLUMNS[name] for name in used])
    for one in given.candidates:
        writer.writerow([_cell(getattr(one, name)) for name in used])
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: str | list[str]) -> str:
    return "; ".join(value) if isinstance(value, list) else value
