"""How fal says no: validation lists of a model, error types of the queue.

Sources: fal's documentation "Errors", "Request errors" (read 2026-11-21).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from openclaw_nb.emulator.jobs import Job, State, brief
from openclaw_nb.emulator.wire import Response, answer

MODERATED = "content_policy_violation"
TRANSIENT = {
    "internal_server_error": 500,
    "generation_timeout": 504,
    "downstream_service_error": 500,
    "downstream_service_unavailable": 500,
}
PERMANENT = (
    *(MODERATED, "no_media_generated", "image_too_small", "image_too_large", "image_load_error"),
    *("file_download_error", "file_too_large", "face_detection_error", "greater_than"),
    *("greater_than_equal", "less_than", "less_than_equal", "multiple_of", "sequence_too_short"),
    *("sequence_too_long", "one_of", "feature_not_supported", "unsupported_image_format"),
    *("unsupported_audio_format", "unsupported_video_format"),
)
MODEL_ERRORS = {**TRANSIENT, **dict.fromkeys(PERMANENT, 422)}
"""Types of a model's error, and the HTTP status of the result."""
REQUEST_ERRORS = {
    **dict.fromkeys(("request_timeout", "startup_timeout"), 504),
    **dict.fromkeys(
        (
            *("runner_scheduling_failure", "runner_connection_timeout", "runner_disconnected"),
            "runner_connection_refused",
        ),
        503,
    ),
    **dict.fromkeys(
        (
            *("runner_connection_error", "runner_incomplete_response", "runner_server_error"),
            "internal_error",
        ),
        500,
    ),
    **dict.fromkeys(("bad_request", "client_cancelled"), 400),
}
"""Types of the queue's own errors, and their HTTP status."""
WORDS = {
    MODERATED: "The content was flagged by a content checker.",
    "no_media_generated": "The model did not produce any media.",
    "request_timeout": "The request timed out.",
    "client_cancelled": "The request was cancelled.",
}
ENDINGS = {
    "moderated": MODERATED,
    "failed": "no_media_generated",
    "expired": "request_timeout",
    "cancelled": "client_cancelled",
}
LOCKED = "User is locked. Reason: Exhausted balance."
_BY_STATUS = {429: "rate_limited", 500: "internal_error", 503: "runner_scheduling_failure"}
_PLAIN = frozenset({401, 402, 403, 404})


def new_id() -> str:
    """A request id; fal's are random."""
    return str(uuid.uuid4())


def ending(job: Job, state: State) -> tuple[str, str] | None:
    """What a job that ended badly says, and of which type; None for another."""
    kind = ENDINGS.get(state)
    quirk = job.scenario.quirk
    if state == "failed" and quirk in {*MODEL_ERRORS, *REQUEST_ERRORS}:
        kind = quirk
    return None if kind is None else (WORDS.get(kind, f"The request failed: {kind}."), kind)


def result(job: Job, state: State) -> Response:
    """The answer to who asks for the result of a job that ended badly."""
    text, kind = ending(job, state) or ("", "")
    head = {"x-fal-request-id": job.id}
    if kind in MODEL_ERRORS:
        detail = [prompt_refused(kind, job.order.asked)]
        plain = job.scenario.quirk == "plain_detail"
        return invalid(text if plain else detail, head, MODEL_ERRORS[kind])
    own = kind == "request_timeout" and job.notes.get("own_timeout")
    user = {"x-fal-request-timeout-type": "user"} if own else {}
    body = {"detail": text, "error_type": kind}
    return answer(body, REQUEST_ERRORS[kind], {**head, "x-fal-error-type": kind, **user})


def prompt_refused(kind: str, asked: Mapping[str, object]) -> dict[str, object]:
    """One item of a validation list, about the prompt."""
    return {
        "loc": ["body", "prompt"],
        "msg": WORDS.get(kind, f"The request failed: {kind}."),
        "type": kind,
        "url": f"https://docs.fal.ai/errors#{kind}",
        "input": brief(asked.get("prompt")),
    }


def details(error: ValidationError) -> list[dict[str, object]]:
    """Pydantic's errors are fal's, with fal's address for the explanation."""
    found = cast("list[dict[str, object]]", error.errors(include_url=False))
    return [_documented(each) for each in found]


def _documented(each: dict[str, object]) -> dict[str, object]:
    location = cast("tuple[str | int, ...]", each["loc"])
    detail = {
        "loc": ["body", *location],
        "msg": each["msg"],
        "type": each["type"],
        "url": f"https://docs.fal.ai/errors#{each['type']}",
        "input": brief(each.get("input")),
    }
    return detail | ({"ctx": each["ctx"]} if "ctx" in each else {})


def invalid(
    detail: object, headers: Mapping[str, str] | None = None, status: int = 422
) -> Response:
    """A model's refusal: a validation list, or a plain sentence."""
    retry = {"x-fal-retryable": "false" if status == 422 else "true"}  # noqa: PLR2004 - as its name
    head = {"x-fal-request-id": new_id(), **retry, **(headers or {})}
    return answer({"detail": detail}, status, head)


def said(text: str, status: int) -> Response:
    """A plain sentence."""
    return answer({"detail": text}, status, {"x-fal-request-id": new_id()})


def http_error(status: int) -> Response:
    """An error before any model was asked."""
    if status in _PLAIN:
        return said("The request was refused.", status)
    kind = _BY_STATUS.get(status, "runner_server_error")
    body = {"detail": f"The request could not be served ({kind})", "error_type": kind}
    return answer(body, status, {"x-fal-request-id": new_id(), "x-fal-error-type": kind})
