"""The double itself: it checks calls against the OpenAPI file, and it would notice."""

from __future__ import annotations

from typing import Any

import pytest

from support.contract import Contract, metadata_rules

GOOD = {
    "name": "Person One",
    "email": "person.1@example.org",
    "phone_number": None,
    "metadata": {"external_id": "x1"},
    "data": {},
}


@pytest.fixture
def checked(contract: Contract | None) -> Contract:
    if contract is None:
        pytest.skip("the OpenAPI file is absent (GATEWAY_CONTRACT names another place)")
    return contract


def test_a_good_request_passes(checked: Contract) -> None:
    assert checked.check_request("ingestCandidate", GOOD) == []
    assert checked.check_request("ingestCandidatesBulk", {"data": [GOOD]}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"email": 5},
        {"metadata": {"a": 1}},
        {"metadata": {"k" * 41: "v"}},
        {"metadata": {"k": "v" * 501}},
        {"phone_number": "555-0100"},
        {"data": []},
    ],
)
def test_a_wrong_request_is_noticed(checked: Contract, wrong: dict[str, Any]) -> None:
    assert checked.check_request("ingestCandidate", GOOD | wrong)
    assert checked.check_request("ingestCandidatesBulk", {"data": [GOOD, GOOD | wrong]})


def test_an_empty_bulk_and_a_strange_answer_are_noticed(checked: Contract) -> None:
    assert checked.check_request("ingestCandidatesBulk", {"data": []})
    assert checked.check_answer("ingestCandidatesBulk", 201, {"data": [{"interview_id": "I1"}]})
    assert checked.check_answer("ingestCandidate", 418, {})
    assert checked.check_query("listCandidates", {"page": "2"})


def test_rules_stated_in_words_only() -> None:
    assert metadata_rules(GOOD) == []
    assert metadata_rules({"metadata": {str(n): "" for n in range(51)}})
