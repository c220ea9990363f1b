"""Google's Files API: a resumable upload, a look at the state, deletion.

Source: Gemini API documentation "Files API", google-genai 3.4.0 (read 2026-11-21).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import cast

from openclaw_nb.emulator.wire import MalformedError, Request, Response, answer

from .google_schemas import Problem

HOST = "https://generativelanguage.googleapis.com"
KEPT_SECONDS = 48 * 3600
LOOKS_UNTIL_READY = 2
"""Which look at an uploaded file is the first to find it usable."""


def stamp(seconds: float) -> str:
    """A time as Google writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def new_id() -> str:
    """Lower case letters and digits: the official clients look for no more."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class Upload:
    """A file that was announced, and sent later."""

    id: str
    mime_type: str
    size: int
    name: str
    made_at: float
    spoilt: bool
    data: bytes = b""
    looks: int = 0

    @property
    def state(self) -> str:
        """Where its processing stands."""
        if self.looks < LOOKS_UNTIL_READY:
            return "PROCESSING"
        return "FAILED" if self.spoilt else "ACTIVE"

    def as_json(self) -> dict[str, object]:
        """The File resource, every documented field."""
        about: dict[str, object] = {
            "name": f"files/{self.id}",
            "displayName": self.name,
            "mimeType": self.mime_type,
            "sizeBytes": str(len(self.data)),
            "createTime": stamp(self.made_at),
            "updateTime": stamp(self.made_at),
            "expirationTime": stamp(self.made_at + KEPT_SECONDS),
            "sha256Hash": base64.b64encode(sha256(self.data).digest()).decode(),
            "uri": f"{HOST}/v1beta/files/{self.id}",
            "state": self.state,
            "source": "UPLOADED",
        }
        if self.state == "FAILED":
            about["error"] = {"code": 13, "message": "The file failed to be processed."}
        return about


@dataclass(frozen=True, slots=True)
class Files:
    """What was uploaded."""

    clock: Callable[[], float]
    pending: dict[str, Upload] = field(default_factory=dict[str, Upload])
    all: dict[str, Upload] = field(default_factory=dict[str, Upload])

    def start(self, request: Request, *, spoilt: bool) -> Response:
        """The first of two calls: what will come; the answer says where to."""
        sent = request.headers
        if (
            sent.get("x-goog-upload-protocol") != "resumable"
            or sent.get("x-goog-upload-command") != "start"
        ):
            raise Problem("Only resumable uploads are served: start one.")
        length = sent.get("x-goog-upload-header-content-length", "")
        mime_type = sent.get("x-goog-upload-header-content-type", "")
        if not length.isdigit() or not mime_type:
            raise Problem("The length and the type of the file must be announced.")
        name = _display_name(request) or sent.get("x-goog-upload-file-name", "")
        token = secrets.token_hex(16)
        upload = Upload(new_id(), mime_type, int(length), name, self.clock(), spoilt)
        self.pending[token] = upload
        where = f"{request.base}{request.path}?upload_id={token}&upload_protocol=resumable"
        return answer({}, headers={"x-goog-upload-url": where, "x-goog-upload-status": "active"})

    def receive(self, request: Request, token: str) -> Response:
        """The second call: the bytes, in one piece or several."""
        upload = self.pending.get(token)
        if upload is None:
            raise Problem("Upload has already been terminated.")
        if request.headers.get("x-goog-upload-offset") != str(len(upload.data)):
            raise Problem(f"The offset must be {len(upload.data)}.")
        upload.data += request.body
        commands = request.headers.get("x-goog-upload-command", "").replace(" ", "").split(",")
        if "finalize" not in commands:
            return answer({}, headers={"x-goog-upload-status": "active"})
        if len(upload.data) != upload.size:
            raise Problem(f"{upload.size} bytes were announced, {len(upload.data)} came.")
        self.all[upload.id] = self.pending.pop(token)
        return answer({"file": upload.as_json()}, headers={"x-goog-upload-status": "final"})

    def look(self, id: str) -> Response:
        """The state of a file; the first looks find it in the works."""
        upload = self._known(id)
        upload.looks += 1
        return answer(upload.as_json())

    def list(self) -> Response:
        """Every file that was uploaded."""
        return answer({"files": [upload.as_json() for upload in self.all.values()]})

    def delete(self, id: str) -> Response:
        """Forget a file."""
        del self.all[self._known(id).id]
        return answer({})

    def usable(self, id: str) -> Upload:
        """A file that a request refers to."""
        upload = self._known(id)
        if upload.state != "ACTIVE":
            raise Problem(f"The File {id} is not in an ACTIVE state and usage is not allowed.")
        return upload

    def _known(self, id: str) -> Upload:
        if id not in self.all:
            raise Problem(
                f"You do not have permission to access the File {id} or it may not exist.",
                status=403,
            )
        return self.all[id]


def _display_name(request: Request) -> str:
    try:
        about = request.fields().get("file")
    except MalformedError as error:
        raise Problem(f"Invalid JSON payload received. {error}") from error
    known = cast("dict[str, object]", about) if isinstance(about, dict) else {}
    return str(known.get("display_name") or known.get("displayName") or "")
