"""What became of each candidate: errors as attempts, and attempts as the task's own error."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openclaw_nb.core.domain import Attempt, Ref, Why
from openclaw_nb.errors import (
    AllFailed,
    MissingKey,
    NoCandidate,
    OpenclawError,
    ProviderError,
    ProviderRefused,
)
from openclaw_nb.runtime.logs import LOG

_ABORTED = re.compile(r"\b(operation|request) (was |has been )?aborted\b", re.IGNORECASE)
_ABOUT_THE_ACCOUNT = (Why.AUTH, Why.BILLING, Why.RATE_LIMIT)
"""Refusals of a question about a job that say nothing about the job."""


def attempt_of(ref: Ref, error: OpenclawError) -> Attempt:
    """What an error says of a candidate; an error with attempts brings its own."""
    if error.attempts:
        return error.attempts[-1]
    if isinstance(error, ProviderError):
        text = str(error).removeprefix(f"{error.ref}: ")
        return Attempt(
            ref=error.ref,
            error=text,
            why=error.why,
            status=error.status,
            code=error.code,
            may_exist=error.may_exist,
        )
    why = Why.AUTH if isinstance(error, MissingKey) else Why.UNKNOWN
    return Attempt(ref=ref, error=str(error), why=why)


def final_error(errors: Sequence[OpenclawError], attempts: Sequence[Attempt]) -> OpenclawError:
    """One that ends it itself; several as one, told apart by whether anything was sent."""
    if len(errors) == 1 or is_made(errors[-1]):
        errors[-1].attempts = tuple(attempts)
        return errors[-1]
    count, each = len(attempts), _stories(attempts)
    if all(isinstance(error, NoCandidate | MissingKey) for error in errors):
        told = f"none of {count} candidates can take this request; nothing was sent: {each}"
        failed: OpenclawError = NoCandidate(told, attempts)
    else:
        failed = AllFailed(f"{count} candidates gave no result: {each}", attempts)
    failed.__cause__ = errors[-1]
    return failed


def _stories(attempts: Sequence[Attempt]) -> str:
    """Each attempt's error; those that were only cut short are summed up."""
    aborted = [attempt for attempt in attempts if _ABORTED.search(attempt.error)]
    told = [f"{attempt.ref}: {attempt.error}" for attempt in attempts if attempt not in aborted]
    if aborted:
        refs = ", ".join(str(attempt.ref) for attempt in aborted)
        told.append(f"{len(aborted)} fallbacks aborted after cancellation or time-out: {refs}")
    return " | ".join(told)


def is_over(error: OpenclawError) -> bool:
    """Whether the provider ended the job; it may refuse an answer about it and work on."""
    if not isinstance(error, ProviderRefused):
        return False
    return error.status is None or error.why not in _ABOUT_THE_ACCOUNT


def unexpected(ref: Ref, error: Exception) -> ProviderError:
    """A fault that nobody foresaw, logged with its trace, as a failure of its candidate."""
    LOG.error("%s failed unexpectedly", ref, exc_info=error)
    wrapped = ProviderError(ref, f"{type(error).__name__}: {error}", why=Why.UNKNOWN)
    wrapped.__cause__ = error
    return wrapped


def is_made(error: OpenclawError) -> bool:
    """Whether the output was made and only its file could not be had: nobody else is asked."""
    return isinstance(error, ProviderError) and error.made


def log_last(attempts: Sequence[Attempt]) -> None:
    """Log the last attempt: a request's first skip, and every failure, as a warning."""
    last = attempts[-1]
    if last.why is Why.SKIPPED:
        if sum(attempt.why is Why.SKIPPED for attempt in attempts) == 1:
            LOG.warning("%s skipped: %s", last.ref, last.error)
        LOG.debug("%s skipped (%s): %s", last.ref, last.code, last.error)
    elif last.why is not Why.NOT_REGISTERED:
        LOG.warning("%s failed: %s", last.ref, last.error)
