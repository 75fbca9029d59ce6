"""Expectations on names, addresses and numbers. The rules themselves are gateway.values.doubt."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
    ColumnPairMapMetricProvider,
)

from gateway.values.doubt.emails import domain_of, email_doubts, is_role
from gateway.values.doubt.names import name_doubts
from gateway.values.doubt.phones import phone_doubts

from .base import GateExpectation, PairExpectation, ValueMetric


class _NameMetric(ValueMetric):
    """Expects no doubt of one kind about a name."""

    doubt: ClassVar[str]

    @classmethod
    def fits(cls, value: Any) -> bool:
        return cls.doubt not in name_doubts(value)


class NameShape(_NameMetric):
    condition_metric_name = "column_values.name_has_shape"
    doubt = "NAME_IMPLAUSIBLE"


class ExpectNameToHaveShapeOfName(GateExpectation):
    """A name is letters in a few words, without digits, addresses or marks."""

    map_metric = "column_values.name_has_shape"
    says = "Every name looks like a person's name"


class NameHeading(_NameMetric):
    condition_metric_name = "column_values.name_is_no_heading"
    doubt = "NAME_IS_HEADING"


class ExpectNameNotToBeHeading(GateExpectation):
    """A name is not made only of heading words (Curriculum Vitae, Work Experience) in any known language."""

    map_metric = "column_values.name_is_no_heading"
    says = "No name is a heading of the document"


class NameJobTitle(_NameMetric):
    condition_metric_name = "column_values.name_is_no_job_title"
    doubt = "NAME_IS_JOB_TITLE"


class ExpectNameNotToBeJobTitle(GateExpectation):
    """A name does not end like a job title."""

    map_metric = "column_values.name_is_no_job_title"
    says = "No name is a job title"


class NameOrganisation(_NameMetric):
    condition_metric_name = "column_values.name_is_no_organisation"
    doubt = "NAME_IS_ORGANISATION"


class ExpectNameNotToBeOrganisation(GateExpectation):
    """A name holds no legal form and no kind of institution."""

    map_metric = "column_values.name_is_no_organisation"
    says = "No name is an employer's or a school's"


class NamePlace(_NameMetric):
    condition_metric_name = "column_values.name_is_no_place"
    doubt = "NAME_IS_PLACE"


class ExpectNameNotToBePlace(GateExpectation):
    """Expects a name that is not a large city, state or country of several words, nor a list of places."""

    map_metric = "column_values.name_is_no_place"
    says = "No name is a city, state or country"


class NamePlaceholder(_NameMetric):
    condition_metric_name = "column_values.name_is_no_placeholder"
    doubt = "NAME_PLACEHOLDER"


class ExpectNameNotToBePlaceholder(GateExpectation):
    """Expects a name that is not a well-known example name."""

    map_metric = "column_values.name_is_no_placeholder"
    says = "No name is a placeholder such as John Doe"


class NameTwoWords(_NameMetric):
    condition_metric_name = "column_values.name_has_two_words"
    doubt = "NAME_SINGLE_WORD"


class ExpectNameToHaveTwoWords(GateExpectation):
    """A name has two words at least, in scripts that separate words."""

    map_metric = "column_values.name_has_two_words"
    says = "Every name has at least two words"


class _EmailMetric(ValueMetric):
    doubt: ClassVar[str]

    @classmethod
    def fits(cls, value: Any) -> bool:
        return cls.doubt not in email_doubts(value)


class EmailValid(_EmailMetric):
    condition_metric_name = "column_values.email_is_valid"
    doubt = "EMAIL_INVALID"


class ExpectEmailToBeValid(GateExpectation):
    """An address follows the mail standards (email-validator, DNS not asked)."""

    map_metric = "column_values.email_is_valid"
    says = "Every e-mail address is written correctly"


class EmailPlaceholder(_EmailMetric):
    condition_metric_name = "column_values.email_is_no_placeholder"
    doubt = "EMAIL_PLACEHOLDER"


class ExpectEmailNotToBePlaceholder(GateExpectation):
    """An address is not one that asks to be filled in, nor a no-reply address."""

    map_metric = "column_values.email_is_no_placeholder"
    says = "No e-mail address is a placeholder"


class EmailTypo(_EmailMetric):
    condition_metric_name = "column_values.email_domain_is_no_typo"
    doubt = "EMAIL_TYPO_DOMAIN"


class ExpectEmailDomainNotToBeTypo(GateExpectation):
    """A domain is not one slip away from a well-known provider."""

    map_metric = "column_values.email_domain_is_no_typo"
    says = "No e-mail domain is a misspelt provider"


class EmailDisposable(_EmailMetric):
    condition_metric_name = "column_values.email_is_lasting"
    doubt = "EMAIL_DISPOSABLE"


class ExpectEmailNotToBeDisposable(GateExpectation):
    """Expects an address that is not from a disposable provider."""

    map_metric = "column_values.email_is_lasting"
    says = "No e-mail address is a throw-away one"


class EmailFictional(_EmailMetric):
    condition_metric_name = "column_values.email_is_not_fictional"
    doubt = "EMAIL_FICTIONAL"


class ExpectEmailNotToBeFictional(GateExpectation):
    """A domain is not reserved for examples (RFC 2606, RFC 6761)."""

    map_metric = "column_values.email_is_not_fictional"
    says = "No e-mail domain is reserved for examples"


class EmailAllowed(ColumnMapMetricProvider):
    condition_metric_name = "column_values.email_domain_is_allowed"
    condition_value_keys = ("domains",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], domains: list[str], **kwargs: Any) -> pd.Series[Any]:
        found = column.map(domain_of)
        return found.map(lambda domain: any(domain == d or domain.endswith(f".{d}") for d in domains)).astype(bool)


class ExpectEmailDomainToBeAllowed(GateExpectation):
    """A domain is one the agent allows, or below one."""

    map_metric = "column_values.email_domain_is_allowed"
    success_keys = ("domains", "mostly")
    says = "Every e-mail domain is one the agent allows"
    domains: list[str]


class EmailPersonal(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.email_is_personal"
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series[Any], column_B: pd.Series[Any], **kwargs: Any) -> pd.Series[bool]:
        pairs = zip(column_A, column_B, strict=True)
        fits = [not (isinstance(e, str) and is_role(e, n if isinstance(n, str) else None)) for e, n in pairs]
        return pd.Series(fits, index=column_A.index, dtype=bool)


class ExpectEmailToBePersonal(PairExpectation):
    """column_A's address belongs to column_B's person, not to an office (info@, jobs@)."""

    map_metric = "column_pair_values.email_is_personal"
    says = "Every e-mail address is a person's, not an office's"


class _PhoneMetric(ValueMetric):
    doubt: ClassVar[str]

    @classmethod
    def fits(cls, value: Any) -> bool:
        return cls.doubt not in phone_doubts(value)


class PhonePossible(_PhoneMetric):
    condition_metric_name = "column_values.phone_is_possible"
    doubt = "PHONE_INVALID"


class ExpectPhoneToBePossible(GateExpectation):
    """A number's length is one its country uses (phonenumbers' is_possible_number)."""

    map_metric = "column_values.phone_is_possible"
    says = "Every phone number is possible in its country"


class PhoneCountry(_PhoneMetric):
    condition_metric_name = "column_values.phone_has_country"
    doubt = "PHONE_NO_COUNTRY"


class ExpectPhoneToHaveCountry(GateExpectation):
    """A number is in international form, because its country is known."""

    map_metric = "column_values.phone_has_country"
    says = "Every phone number's country is known"


class PhoneAssigned(_PhoneMetric):
    condition_metric_name = "column_values.phone_is_assigned"
    doubt = "PHONE_UNASSIGNED"


class ExpectPhoneToBeAssigned(GateExpectation):
    """A number lies in a range its country has assigned (phonenumbers' is_valid_number)."""

    map_metric = "column_values.phone_is_assigned"
    says = "Every phone number lies in an assigned range"


class PhonePlaceholder(_PhoneMetric):
    condition_metric_name = "column_values.phone_is_no_placeholder"
    doubt = "PHONE_PLACEHOLDER"


class ExpectPhoneNotToBePlaceholder(GateExpectation):
    """Expects a number that is not a filler of equal or counting digits."""

    map_metric = "column_values.phone_is_no_placeholder"
    says = "No phone number is a filler"


class PhoneFictional(_PhoneMetric):
    condition_metric_name = "column_values.phone_is_not_fictional"
    doubt = "PHONE_FICTIONAL"


class ExpectPhoneNotToBeFictional(GateExpectation):
    """A number is not from a range reserved for fiction."""

    map_metric = "column_values.phone_is_not_fictional"
    says = "No phone number is from a range reserved for fiction"
