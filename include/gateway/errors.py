"""All exceptions, as one tree.

    GatewayError                  carries a reason code (gateway.codes) and a sentence for a person
    ├── Permanent                 trying again cannot help: Airflow fails the task at once
    │   ├── Misconfigured         an agent file, a setting or a request is wrong
    │   ├── Unreadable            a document that cannot be read (encrypted, truncated, empty, ...)
    │   ├── Refused               a target refused a record, or the gateway refuses an input
    │   └── Conflict              somebody else decided or changed it first
    └── Transient                 trying again may help: Airflow retries, after `retry_after_s` if given

A bad document or record is a value (a status with a code), not an exception, once it has left the reader: only a
broken pipeline raises through a task.
"""

from __future__ import annotations


class GatewayError(Exception):
    """`code` is a key of gateway.codes.CODES; `sentence` says what happened, to what, and what to do next.

    A sentence holds no personal data: it names documents by id or by path inside the batch, never by content.
    `subject` names the file or setting concerned, for code that needs it; sentences are never parsed.
    """

    def __init__(self, code: str, sentence: str, *, subject: str | None = None) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.subject = subject

    def __reduce__(self) -> tuple[object, ...]:  # survives the trip out of a child process
        return (type(self), (self.code, self.sentence), {"subject": self.subject})


class Permanent(GatewayError):
    """A retry cannot help."""


class Misconfigured(Permanent):
    """An agent file, a setting or a request is wrong."""


class Unreadable(Permanent):
    """A document cannot be read; the document fails, and its batch continues."""


class Refused(Permanent):
    """A target refused a record, or the gateway refuses an input (a limit, an unsafe path)."""


class Conflict(Permanent):
    """Somebody else was first: the assumed decision or state no longer applies."""


class Transient(GatewayError):
    """A retry may help; `retry_after_s` is the delay the other side asked for, in seconds, or None."""

    def __init__(self, code: str, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, sentence)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.code, self.sentence, self.retry_after_s), {"subject": self.subject})
