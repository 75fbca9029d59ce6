"""The head row of a table inside a résumé: "Qualification | Board / University | Year of passing | Percentage"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from gateway.values.lexicon import bare

_WORDS = frozenset(
    [
        "s no",
        "sl no",
        "sr no",
        "no",
        "degree",
        "course",
        "courses",
        "qualification",
        "qualifications",
        "examination",
        "exam",
        "class",
        "board",
        "university",
        "institute",
        "institution",
        "college",
        "school",
        "board university",
        "university board",
        "institution university",
        "school college",
        "college university",
        "school university",
        "college institute",
        "name of institution",
        "name of the institute",
        "institute name",
        "year",
        "year of passing",
        "passing year",
        "year of completion",
        "years",
        "percentage",
        "marks",
        "cgpa",
        "gpa",
        "cgpa percentage",
        "percentage cgpa",
        "grade",
        "grades",
        "score",
        "result",
        "division",
        "specialization",
        "specialisation",
        "subject",
        "subjects",
        "major",
        "stream",
        "company",
        "company name",
        "name of company",
        "employer",
        "organisation",
        "organization",
        "name of organization",
        "name of organisation",
        "position",
        "positions",
        "designation",
        "role",
        "title",
        "job title",
        "post",
        "from",
        "to",
        "start",
        "end",
        "start date",
        "end date",
        "from date",
        "to date",
        "period",
        "duration",
        "dates",
        "date",
        "tenure",
        "location",
        "place",
        "city",
        "skill",
        "skills",
        "level",
        "proficiency",
        "experience",
        "last used",
        "years of experience",
        "version",
        "zeitraum",
        "von",
        "bis",
        "abschluss",
        "schule",
        "hochschule",
        "firma",
        "arbeitgeber",
        "tatigkeit",
        "note",
        "diplome",
        "etablissement",
        "annee",
        "mention",
        "entreprise",
        "poste",
        "periode",
        "titulo",
        "institucion",
        "ano",
        "empresa",
        "cargo",
        "periodo",
        "curso",
        "instituicao",
    ]
)


def is_table_head(texts: Sequence[str]) -> bool:
    """Three or more short cells, nearly all of them what columns are called."""
    if len(texts) < 3:
        return False
    called = sum(_is_column(text) for text in texts)
    return called >= 3 and called >= 0.75 * len(texts)


@lru_cache(maxsize=4096)
def _is_column(text: str) -> bool:
    if len(text) > 40:
        return False
    return " ".join(re.findall(r"[^\W\d_]+", bare(text))) in _WORDS
