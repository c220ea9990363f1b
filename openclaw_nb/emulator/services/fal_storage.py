"""fal's file storage: a token, an upload, and the older two-step way.

Source: fal-client 1.0.3 and fal's documentation of file uploads (read 2026-11-21). One host stands for
rest.fal.ai, the upload host and the file host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_hex
from typing import NamedTuple

from openclaw_nb.emulator.hosting import key_leaked
from openclaw_nb.emulator.wire import MalformedError, Request, Response, answer

EXPIRES = "2099-01-01T00:00:00+00:00"
ANY_TYPE = "application/octet-stream"


class Upload(NamedTuple):
    """A file that was sent."""

    data: bytes
    content_type: str


def _files() -> dict[str, Upload]:
    return {}


@dataclass(frozen=True, slots=True)
class Storage:
    """What was uploaded, and the tokens given out."""

    files: dict[str, Upload] = field(default_factory=_files)
    tokens: set[str] = field(default_factory=set[str])
    pieces: dict[str, dict[int, bytes]] = field(default_factory=dict[str, dict[int, bytes]])
    """Of uploads in parts, by upload and number."""

    def open(self, request: Request) -> Response | None:
        """Calls that carry no key of the account: upload with a token, upload to a signed URL, download."""
        match request.method, request.segments:
            case "POST", ["files", "upload"]:
                return self._upload(request)
            case _, ["files", "upload", "multipart"] | ["files", "b", "upload", _, "multipart", *_]:
                return self._in_parts(request)
            case "PUT", ["files", "b", "upload", name]:
                self.files[name] = Upload(
                    request.body, request.headers.get("content-type", ANY_TYPE)
                )
                return answer({})
            case "GET", ["files", "b", "upload", name] if name in self.files:
                file = self.files[name]
                served = Response(200, file.data, {"content-type": file.content_type})
                return key_leaked(request) or served
            case _:
                return None

    def keyed(self, request: Request) -> Response | None:
        """Calls with the account's key."""
        match request.method, request.segments:
            case "POST", ["storage", "auth", "token"]:
                return self._token(request)
            case "POST", ["storage", "upload", "initiate"]:
                return _initiate(request)
            case _:
                return None

    def _token(self, request: Request) -> Response:
        token = token_hex(16)
        self.tokens.add(token)
        body = {"token": token, "token_type": "Bearer", "base_url": request.base}
        return answer({**body, "expires_at": EXPIRES})

    def _has_token(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens

    def _in_parts(self, request: Request) -> Response:
        """What the vendor's clients do from 100 MB on."""
        if not self._has_token(request):
            return answer({"detail": "Invalid upload token"}, 401)
        match request.method, request.segments[2:]:
            case "POST", ["multipart"]:
                name, id = _name(request.headers.get("x-fal-file-name", "file")), token_hex(8)
                self.files[name] = Upload(b"", request.headers.get("content-type", ANY_TYPE))
                self.pieces[id] = {}
                url = f"{request.base}/files/b/upload/{name}"
                return answer({"access_url": url, "uploadId": id})
            case "PUT", [_, name, _, id, number] if id in self.pieces and number.isdigit():
                self.pieces[id][int(number)] = request.body
                return Response(200, b"", {"etag": f'"{number}"'})
            case "POST", [_, name, _, id, "complete"] if id in self.pieces and name in self.files:
                whole = b"".join(data for _, data in sorted(self.pieces.pop(id).items()))
                self.files[name] = Upload(whole, self.files[name].content_type)
                return answer({})
            case _:
                return answer({"detail": "Upload not found"}, 404)

    def _upload(self, request: Request) -> Response:
        if not self._has_token(request):
            return answer({"detail": "Invalid upload token"}, 401)
        name = _name(request.headers.get("x-fal-file-name", "file"))
        self.files[name] = Upload(request.body, request.headers.get("content-type", ANY_TYPE))
        return answer({"access_url": f"{request.base}/files/b/upload/{name}"})


def _name(given: str) -> str:
    return f"{token_hex(8)}_{given.replace('/', '_')}"


def _initiate(request: Request) -> Response:
    try:
        given = request.fields().get("file_name")
    except MalformedError as error:
        return answer({"detail": str(error)}, 422)
    if not isinstance(given, str):
        missing = {"loc": ["body", "file_name"], "msg": "Field required", "type": "missing"}
        return answer({"detail": [missing]}, 422)
    url = f"{request.base}/files/b/upload/{_name(given)}"
    return answer({"upload_url": url, "file_url": url})
