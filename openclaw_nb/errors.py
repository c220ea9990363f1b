"""Everything this package raises. The first fork: was anything sent, so could it cost money?

OpenclawError
├── RequestError            nothing was sent
│   ├── InvalidInput        a parameter, or a reference, is not usable (also a ValueError)
│   ├── NoCandidate         no model can take the request, or none is configured
│   ├── MissingKey          the provider has no key
│   └── ConfigError         the configuration is not usable (also a ValueError)
├── ProviderError           a provider was called
│   ├── ProviderRefused     it understood and declined
│   ├── ProviderTimeout     the deadline passed; the job may still be running there
│   ├── SubmitUnanswered    the answer to a submission was lost; the job may exist and be billed
│   ├── ProviderUnreachable it could not be reached; nothing arrived
│   ├── MalformedReply      its answer is not what its contract says
│   └── BadOutput           what it delivered is not a usable file
├── AllFailed               several candidates were tried, none gave a video
├── TaskCancelled           the task was cancelled
├── TaskLost                the process that ran the task is gone
├── TaskNotFound            no such task in the ledger (also a LookupError)
└── LedgerError             the ledger cannot be read or written
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openclaw_nb.core.domain import Attempt, Ref, Why

_SHOWN = 200
_SAID = 4_000
_COMMAND = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, moves, clearing
    r"|(?:\x1b[\]P_^X]|[\x9d\x90\x9f\x9e\x98])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # OSC and the like
    r"|\x1b[ -/]*[0-~]"
)
"""What a terminal takes for a command (ECMA-48)."""
_LINE_ENDS = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, changes of direction, halves of characters."""


_ESCAPED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without what a terminal would obey instead of show; line breaks are line feeds.

    What vendors, files and users say passes here before it is printed, logged or raised.
    """
    return _UNSEEN.sub("", _LINE_ENDS.sub("\n", _COMMAND.sub("", text)))


def one_line(text: str) -> str:
    """The same in one line, so that no part of it looks like a line of ours."""
    return " ".join(plain(text).split())


def shown(value: object) -> str:
    """A value as messages show it: at most 200 characters, bytes by their length only."""
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def escaped(text: str) -> str:
    """A text from outside in one line, with its control characters spelled out."""
    return _ESCAPED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def cut(text: str) -> str:
    """At most 4,000 characters: a sentence of a vendor, not a page."""
    return text if len(text) <= _SAID else f"{text[:_SAID]}... ({len(text)} characters)"


class OpenclawError(Exception):
    """Catch this to catch everything of ours."""

    attempts: tuple[Attempt, ...] = ()
    """The candidates tried before this was raised, in order."""

    def __init__(self, message: str = "") -> None:
        super().__init__(plain(message))


class RequestError(OpenclawError):
    """The request cannot be sent as it is; nothing was sent, nothing can have been charged."""


class InvalidInput(RequestError, ValueError):
    """A parameter is wrong. `param` names it; `code` is set for references that were refused."""

    def __init__(self, param: str, message: str, *, code: str = "invalid") -> None:
        super().__init__(f"{param}: {message}")
        self.param, self.code = param, code


class NoCandidate(RequestError):
    """No model can take this request. `attempts` holds each candidate and its reason."""

    def __init__(self, message: str, attempts: Sequence[Attempt] = ()) -> None:
        super().__init__(message)
        self.attempts = tuple(attempts)


class MissingKey(RequestError):
    """The provider has no usable key. `variables` are the environment variables that are looked at."""

    def __init__(self, provider: str, variables: Sequence[str], why: str = "no API key") -> None:
        super().__init__(
            f"{provider}: {why}. Set {' or '.join(variables)} in the environment, or "
            f"models.providers.{provider}.apiKey in the configuration; "
            "or call openclaw_nb.emulate() to try without a key. Nothing was sent."
        )
        self.provider, self.variables = provider, tuple(variables)


class ConfigError(RequestError, ValueError):
    """The configuration is not usable. `where` is the path of the key, or the file."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where, self.message = where, message


class ProviderError(OpenclawError):
    """A provider was called and no video came of it.

    `ref` is the model, `why` the class of failure. Where they are known: `status` is the HTTP status,
    `code` the provider's own error code, `job_id` its id of the job, `request_id` its id of the call,
    which its support asks for.
    """

    may_exist = False
    """A job of it may be at the provider, and may be billed."""

    made: bool = False
    """The video was made and `openclaw_nb.resume` can still fetch it, so no other model is tried."""

    def __init__(
        self,
        ref: Ref,
        message: str,
        *,
        why: Why,
        status: int | None = None,
        code: str | None = None,
        job_id: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{ref}: {cut(message)}")
        self.ref, self.why = ref, why
        self.status, self.code = status, one_line(code) if code else code
        self.job_id, self.request_id = job_id, request_id


class ProviderRefused(ProviderError):
    """The provider understood and declined. `said` is its own sentence, up to 4,000 characters."""

    said: str = ""


class ProviderTimeout(ProviderError):
    """The deadline passed. The job may still be running at the provider; `job_id` finds it."""

    may_exist = True


class SubmitUnanswered(ProviderError):
    """The submission left, its answer did not come: the job may exist and may be billed."""

    may_exist = True


class ProviderUnreachable(ProviderError):
    """No connection: nothing arrived at the provider by this call."""


class MalformedReply(ProviderError):
    """The provider's answer is not what its contract says."""

    may_exist = True


class BadOutput(ProviderError):
    """The provider delivered something that is not a usable file. `url` is where it is, if known."""

    may_exist = True

    url: str | None = None


class AllFailed(OpenclawError):
    """Several candidates were tried and none gave a video; `attempts` tells each one's story."""

    def __init__(self, message: str, attempts: Sequence[Attempt]) -> None:
        super().__init__(message)
        self.attempts = tuple(attempts)


class TaskCancelled(OpenclawError):
    """The task was cancelled."""


class TaskLost(OpenclawError):
    """The process that ran the task is gone. `openclaw_nb.resume(id)` finishes it if it can."""


class TaskNotFound(OpenclawError, LookupError):
    """No task has this id or prefix, or several have."""


class LedgerError(OpenclawError):
    """The ledger cannot be read or written; the message says what to do."""
