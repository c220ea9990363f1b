"""How ModelArk says no.

Source: BytePlus ModelArk documentation "Error codes" (read 2026-11-21).
"""

from __future__ import annotations

import secrets

from openclaw_nb.emulator.wire import Response, answer

KINDS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
}
SENSITIVE = "may contain sensitive information."
INPUT_CODES = {
    "MissingParameter": (400, "A required parameter is missing."),
    "InvalidParameter": (400, "A parameter specified in the request is not valid."),
    "InvalidParameter.TaskTypeConstraint": (400, "The parameters do not fit the type of task."),
    "InputTextSensitiveContentDetected": (400, f"The input text {SENSITIVE}"),
    "InputImageSensitiveContentDetected": (400, f"The input image {SENSITIVE}"),
    "InputImageSensitiveContentDetected.PrivacyInformation": (
        400,
        "The input image may contain a real person.",
    ),
    "InputImageSensitiveContentDetected.PolicyViolation": (
        400,
        "The input image may be related to copyright restrictions.",
    ),
    "InputVideoSensitiveContentDetected": (400, f"The input video {SENSITIVE}"),
    "InputAudioSensitiveContentDetected": (400, f"The input audio {SENSITIVE}"),
    "AuthenticationError": (401, "The API key in the request is missing or invalid."),
    "AccessDenied": (403, "You do not have access to the requested resource."),
    "AccountOverdueError": (403, "Your account has an overdue balance."),
    "InvalidEndpointOrModel.NotFound": (
        404,
        "The model or endpoint does not exist or you do not have access to it.",
    ),
    "ModelNotOpen": (404, "Your account has not activated the model. Activate it in the console."),
    "ResourceNotFound": (404, "The specified resource is not found."),
    "InvalidAction.RunningTaskDeletion": (
        409,
        "The task cannot be deleted because it is currently running.",
    ),
    "RateLimitExceeded.EndpointRPMExceeded": (429, "The requests per minute limit is exceeded."),
    "RateLimitExceeded.EndpointTPMExceeded": (429, "The tokens per minute limit is exceeded."),
    "ModelAccountRpmRateLimitExceeded": (429, "The account's requests per minute are exceeded."),
    "QuotaExceeded": (429, "The quota of the account is exceeded."),
    "ServerOverloaded": (429, "The service is overloaded. Retry later."),
    "InternalServiceError": (500, "The service encountered an unexpected internal error."),
}
"""Code, HTTP status and text of what is refused at once."""

OUTPUT_CODES = {
    "OutputVideoSensitiveContentDetected": f"The output video {SENSITIVE}",
    "OutputVideoSensitiveContentDetected.PolicyViolation": "The output video may violate copyright.",
    "OutputAudioSensitiveContentDetected": f"The output audio {SENSITIVE}",
}
"""Code and text of what a task that ran ends with."""

BY_STATUS = {
    400: "InvalidParameter",
    401: "AuthenticationError",
    403: "AccessDenied",
    404: "InvalidEndpointOrModel.NotFound",
    429: "RateLimitExceeded.EndpointRPMExceeded",
}


class Problem(Exception):
    """A request that ModelArk refuses."""

    def __init__(self, code: str, message: str = "", *, param: str = "", status: int = 0) -> None:
        usual_status, usual = INPUT_CODES[code]
        super().__init__(message or usual)
        self.code, self.param, self.status = code, param, status or usual_status

    def response(self) -> Response:
        """In ModelArk's shape."""
        id = secrets.token_hex(16)
        found = {
            "code": self.code,
            "message": f"{self} Request id: {id}",
            "param": self.param,
            "type": KINDS.get(self.status, "InternalServerError"),
        }
        return answer({"error": found}, self.status, {"x-request-id": id})


def failing(status: int) -> Problem:
    """What ModelArk says with an HTTP status."""
    return Problem(BY_STATUS.get(status, "InternalServiceError"), status=status)


def wrong(param: str, message: str) -> Problem:
    """A parameter that is not what it should be."""
    return Problem("InvalidParameter", message, param=param)


def misfit(message: str) -> Problem:
    """Content that no type of task has, or not with this model."""
    text = f"The parameters do not fit the type of task: {message}."
    return Problem("InvalidParameter.TaskTypeConstraint", text, param="content")
