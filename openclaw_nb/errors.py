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
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Besides the usual ones, what breaks a line or turns its direction, and halves of characters."""


def shown(value: object) -> str:
    """A value as messages show it: at most 200 characters, bytes by their length only."""
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def one_line(text: str) -> str:
    """A text from outside as messages show it: line breaks and control characters are escaped."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class OpenclawError(Exception):
    """Catch this to catch everything of ours."""

    attempts: tuple[Attempt, ...] = ()
    """The candidates tried before this was raised, in order."""


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
    """A provider was called and no video came of it."""

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
        super().__init__(f"{ref}: {message}")
        self.ref, self.why = ref, why
        self.status, self.code = status, code
        self.job_id, self.request_id = job_id, request_id


class ProviderRefused(ProviderError):
    """The provider understood and declined. `said` is its own sentence."""

    said: str = ""


class ProviderTimeout(ProviderError):
    """The deadline passed. The job may still be running at the provider; `job_id` finds it."""


class SubmitUnanswered(ProviderError):
    """The submission left, its answer did not come: the job may exist and may be billed."""


class ProviderUnreachable(ProviderError):
    """No connection: nothing arrived at the provider by this call."""


class MalformedReply(ProviderError):
    """The provider's answer is not what its contract says."""


class BadOutput(ProviderError):
    """The provider delivered something that is not a usable file. `url` is where it is, if known."""

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
