"""Runway's ephemeral uploads: where to, then the file itself as a form for the file host.

Source: Runway developer documentation "Uploads"; requests of runwayml 5.24.0 (read 2026-11-21).
One address stands for the API and for the file host, which wants no key.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openclaw_nb.emulator.hosting import key_leaked
from openclaw_nb.emulator.wire import MalformedError, Part, Request, Response, answer

from .runway_schemas import UPLOADED, issues

MIN_BYTES, MAX_BYTES = 512, 200 * 10**6


class Wanted(BaseModel):
    """The body of the first step."""

    model_config = ConfigDict(strict=True, extra="forbid")

    filename: str = Field(min_length=1, max_length=255)
    type: Literal["ephemeral"]


@dataclass(slots=True)
class Upload:
    """A place for one file."""

    fields: dict[str, str]
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Uploads:
    """What was announced, and what came."""

    all: dict[str, Upload] = field(default_factory=dict[str, Upload])

    def announce(self, request: Request) -> Response:
        """With the account's key: where the file may be sent."""
        try:
            Wanted.model_validate(request.fields())
        except MalformedError as error:
            return answer({"error": str(error)}, 400)
        except ValidationError as error:
            return answer({"error": "Validation of body failed", "issues": issues(error)}, 400)
        id = str(uuid.uuid4())
        signed = {"policy": secrets.token_hex(24), "x-amz-signature": secrets.token_hex(16)}
        upload = self.all[id] = Upload({"key": f"ephemeral/{id}", **signed})
        url, uri = f"{request.base}/storage/{id}", f"{UPLOADED}upload/{id}"
        return answer({"uploadUrl": url, "fields": upload.fields, "runwayUri": uri})

    def take(self, request: Request, id: str) -> Response:
        """Without a key: the announced fields in their order, and `file` as the last part."""
        if (upload := self.all.get(id)) is None or request.method != "POST":
            return _refused("NoSuchBucket", 404)
        if leaked := key_leaked(request):
            return leaked
        try:
            *before, last = request.form()
        except (MalformedError, ValueError):
            return _refused("MalformedPOSTRequest", 400)
        if wrong := _wrong(upload, before, last):
            return _refused(*wrong)
        upload.data = last.data
        return Response(204)

    def data(self, uri: str) -> bytes | None:
        """The file behind a `runway://` address, once it is there."""
        upload = self.all.get(uri.removeprefix(f"{UPLOADED}upload/"))
        return upload.data if upload else None


def _wrong(upload: Upload, before: list[Part], last: Part) -> tuple[str, int] | None:
    if [(part.name, part.text) for part in before] != list(upload.fields.items()):
        return "AccessDenied", 403
    if last.name != "file" or last.filename is None:
        return "InvalidArgument", 400
    if len(last.data) < MIN_BYTES:
        return "EntityTooSmall", 400
    return ("EntityTooLarge", 400) if len(last.data) > MAX_BYTES else None


def _refused(code: str, status: int) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'
    return Response(status, body.encode(), {"content-type": "application/xml"})
