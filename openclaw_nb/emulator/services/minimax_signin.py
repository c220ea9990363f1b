"""MiniMax's sign-in with a code: a device asks, a person confirms elsewhere, the device gets a token.

There is no public page about it; this is what the original product's plugin speaks with account.minimax.io. Here
nobody has to confirm: the first question after a token finds it pending, the next one gets it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from urllib.parse import parse_qsl

from openclaw_nb.emulator.wire import Request, Response, answer

GRANT = "urn:ietf:params:oauth:grant-type:user_code"
CODE_MS, TOKEN_MS, INTERVAL_MS = 600_000, 86_400_000, 2_000
ASKED = ("client_id", "scope", "code_challenge", "state")


@dataclass(slots=True)
class Waiting:
    """A device that waits for its person."""

    challenge: str
    asked: int = 0


@dataclass(frozen=True, slots=True)
class SignIn:
    """The two routes."""

    waiting: dict[str, Waiting] = field(default_factory=dict[str, Waiting])

    def open(self, request: Request, now: float) -> Response | None:
        """The answer, when the request is about signing in; `now` in seconds."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        match request.method, request.segments:
            case "POST", ["oauth2", "device", "code"]:
                return self._code(form, request.base, int(now * 1000))
            case "POST", ["oauth2", "token"]:
                return self._token(form, request.base, int(now * 1000))
            case _:
                return None

    def _code(self, form: Mapping[str, str], base: str, now_ms: int) -> Response:
        methods = (form.get("response_type"), form.get("code_challenge_method"))
        if methods != ("code", "S256") or not all(form.get(name) for name in ASKED):
            return answer({"status": "error", "message": "invalid_request"}, 400)
        code = token_hex(4).upper()
        self.waiting[code] = Waiting(form["code_challenge"])
        return answer(
            {
                "user_code": code,
                "verification_uri": f"{base}/oauth-authorize?user_code={code}",
                "expired_in": now_ms + CODE_MS,
                "interval": INTERVAL_MS,
                "state": form["state"],
            }
        )

    def _token(self, form: Mapping[str, str], base: str, now_ms: int) -> Response:
        code = form.get("user_code", "")
        found = self.waiting.get(code)
        proof = sha256(form.get("code_verifier", "").encode()).digest()
        proved = urlsafe_b64encode(proof).decode().rstrip("=")
        if found is None or form.get("grant_type") != GRANT or found.challenge != proved:
            return answer({"status": "error", "message": "invalid_grant"}, 400)
        found.asked += 1
        if found.asked == 1:
            return answer({"status": "pending"})
        del self.waiting[code]
        return answer(
            {
                "status": "success",
                "access_token": f"emulated-{token_hex(16)}",
                "refresh_token": f"emulated-{token_hex(16)}",
                "expired_in": now_ms + TOKEN_MS,
                "resource_url": base,
            }
        )
