"""Requests and answers against an OpenAPI 3.1 file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

PROJECT = Path(__file__).resolve().parents[2]
ROOT = "urn:contract"


def contract_path() -> Path:
    """Where the API's OpenAPI file is: GATEWAY_CONTRACT, or beside the checkout. It is not part of the project."""
    given = os.environ.get("GATEWAY_CONTRACT")
    if given:
        return Path(given)
    for parent in (PROJECT.parent, PROJECT.parent.parent):
        path = parent / "shared" / "contracts" / "heymilo-openapi.json"
        if path.is_file():
            return path
    return PROJECT.parent / "shared" / "contracts" / "heymilo-openapi.json"


class Contract:
    """One validator an operation and direction. Checks return what is wrong, as sentences without the content."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        self.registry: Any = Registry().with_resource(ROOT, Resource(document, DRAFT202012))
        self.operations = {
            operation["operationId"]: (pointer(route, method), operation)
            for route, methods in document["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict) and "operationId" in operation
        }
        self.known: dict[str, Draft202012Validator] = {}

    def check_request(self, operation: str, body: Any) -> list[str]:
        where, _ = self.operations[operation]
        found = self._check(f"{where}/requestBody/content/application~1json/schema", operation, body)
        items = body.get("data") if isinstance(body, dict) and isinstance(body.get("data"), list) else [body]
        return found + [f"{operation}: {wrong}" for item in items for wrong in metadata_rules(item)]

    def check_answer(self, operation: str, status: int, body: Any) -> list[str]:
        where, content = self.operations[operation]
        if str(status) not in content["responses"]:
            return [f"{operation}: status {status} is not declared"]
        return self._check(f"{where}/responses/{status}/content/application~1json/schema", operation, body)

    def check_query(self, operation: str, query: dict[str, str]) -> list[str]:
        _, content = self.operations[operation]
        declared = {p["name"] for p in content.get("parameters", []) if p["in"] == "query"}
        return [f"{operation}: query {name} is not declared" for name in query.keys() - declared]

    def _check(self, where: str, operation: str, body: Any) -> list[str]:
        if where not in self.known:
            self.known[where] = Draft202012Validator({"$ref": f"{ROOT}#{where}"}, registry=self.registry)
        return [
            f"{operation}: {error.json_path} fails {error.validator}" for error in self.known[where].iter_errors(body)
        ]


def pointer(route: str, method: str) -> str:
    return f"/paths/{route.replace('~', '~0').replace('/', '~1').replace('{', '%7B').replace('}', '%7D')}/{method}"


def metadata_rules(item: Any) -> list[str]:
    """The rules the file states in words only: 50 keys, 40 characters a key, 500 a value; E.164 numbers."""
    metadata = item.get("metadata") or {}
    wrong = []
    if len(metadata) > 50 or any(len(key) > 40 or len(str(value)) > 500 for key, value in metadata.items()):
        wrong.append("metadata exceeds its limits")
    phone = item.get("phone_number")
    if phone is not None and not (phone.startswith("+") and phone[1:].isdigit() and len(phone) <= 16):
        wrong.append("phone_number is not E.164")
    return wrong
