"""The language a document is written in."""

from __future__ import annotations

import re
from collections import Counter

from gateway.values.text import script

_STOPWORDS = {
    "en": "the and of with for in to a on is at from by years experience team",
    "de": "und der die das mit von für in im zu den des ein auf bei jahre",
    "fr": "et de la le les des en du pour avec un une dans ans sur au",
    "es": "y de la el en los con para del las por un una años se",
    "pt": "e de da do em os com para dos uma um na no anos por",
    "it": "e di il la con per in del dei una un della anni nel al",
    "nl": "en de van het een in met voor op te bij jaar aan der den",
    "sv": "och i att en med för av på som till ett år om vid den",
    "da": "og i at en med for af på som til et år om ved den",
    "nb": "og i å en med for av på som til et år om ved den",
    "fi": "ja on oli sekä kanssa vuotta yli olen että kuin myös",
    "pl": "i w z na do oraz dla od się za przez lat roku we po",
    "cs": "a v s na do pro od se za let roku ve po je při",
    "hu": "és a az egy volt év hogy is mint évek csapat",
    "ro": "și de la în cu pentru din un o ani pe prin al",
    "tr": "ve ile bir için bu yıl olarak da de yıllık",
    "vi": "và của với năm cho trong các một người là có",
    "id": "dan di yang dengan untuk dari tahun pada dalam",
}
_BY_SCRIPT = {"kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "thai": "th", "devanagari": "hi"}


def language_of(text: str, headings: Counter[str]) -> str | None:
    """ISO 639-1 of the language a document is written in: its script, the little words in it, and its headings."""
    kind = script(text[:6000])
    if kind == "cjk":
        return "ja" if re.search(r"[\u3040-\u30ff]", text) else "zh"
    if kind in _BY_SCRIPT:
        return _BY_SCRIPT[kind]
    if kind == "arabic":
        return "fa" if re.search("[پچژگ]", text) else "ar"
    if kind == "cyrillic":
        return "uk" if re.search("[їєґі]", text) else "ru"
    tokens = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    if len(re.findall("[\u1ea0-\u1ef9ăđơư]", text)) > 0.01 * len(text):
        return "vi"
    scores = {language: sum(tokens[w] for w in words.split()) for language, words in _STOPWORDS.items()}
    for language, count in headings.items():
        scores[language] = scores.get(language, 0) + count
    best = max(scores, key=lambda k: scores[k])
    return best if scores[best] >= 3 else None
