"""The honest anchor: what twenty lines reach without any reader. Writes predictions like `gateway extract`, for the same scorers.

    python benchmarks/baseline.py FOLDER [--country XX] > OUT.jsonl

The largest line is the name, the first address the e-mail, the first number that phonenumbers accepts the phone. No OCR.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import phonenumbers
import pypdfium2 as pdfium

from gateway.extract.page.pdfium import read_page


def predict(path: Path, country: str | None) -> dict[str, Any]:
    """One profile, or none where the file does not open or holds no text."""
    try:
        document = pdfium.PdfDocument(path)
        words = [word for number in range(len(document)) for word in read_page(document[number], number + 1).words]
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
    except pdfium.PdfiumError:
        return {"file": path.name, "status": "failed", "profiles": []}
    lines: dict[tuple[int, int], list[str]] = {}
    for word in words:
        if any(c.isalpha() for c in word.text):
            lines.setdefault((round(word.size), round(word.box[1] / 4)), []).append(word.text)
    largest = max(lines, key=lambda key: key[0], default=None)
    email = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)
    phone = next(iter(phonenumbers.PhoneNumberMatcher(text, country)), None)
    e164 = phonenumbers.PhoneNumberFormat.E164
    profile = {
        "name": " ".join(lines[largest]) if largest else None,
        "email": email.group().lower() if email else None,
        "phone": phonenumbers.format_number(phone.number, e164) if phone else None,
    }
    return {"file": path.name, "status": "success", "profiles": [profile] if words else []}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--country", help="of national numbers")
    options = parser.parse_args()
    for path in sorted(options.folder.glob("*.pdf")):
        print(json.dumps(predict(path, options.country), ensure_ascii=False))


if __name__ == "__main__":
    main()
