"""What clients really send: ours and the vendors' own, laid side by side."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from openclaw_nb.emulator import Scenario, Services, base_addresses
from openclaw_nb.emulator.loopback import Loopback
from openclaw_nb.emulator.site import Wanted
from openclaw_nb.emulator.wire import Request

AUTH = ("authorization", "x-goog-api-key", "x-api-key")


class Listening(Services):
    """The emulator's services, and a list of what they were asked."""

    def __init__(self, scenario: Scenario | None = None) -> None:
        super().__init__(scenario or Scenario(render="draft"))
        self.asked: list[Wanted] = []
        self.urls: dict[str, str] = {}
        self._heard = threading.Condition()

    def handle(self, wanted: Wanted):
        with self._heard:
            self.asked.append(wanted)
            self._heard.notify_all()
        return super().handle(wanted)

    def wait_for(self, method: str, count: int) -> None:
        """Until so many requests with this method have come."""

        def came() -> bool:
            return sum(wanted.method == method for wanted in self.asked) >= count

        with self._heard:
            assert self._heard.wait_for(came, 9), f"{count} {method} did not come"


@contextmanager
def listening(scenario: Scenario | None = None) -> Iterator[Listening]:
    """The emulator on a loopback port, with ears: `.urls` are base URLs, `.asked` the requests."""
    services = Listening(scenario)
    door = Loopback(services, "127.0.0.1", 0)
    services.urls = base_addresses(door.url)
    try:
        yield services
    finally:
        door.close()


def facts(wanted: Wanted) -> dict[str, object]:
    """What matters of a request: method, path, query, auth header and scheme, fields of the body.

    Body fields are named `body.<name>`; nulls count as absent, files by name, type and digest.
    """
    parts = urlsplit(wanted.url)
    found: dict[str, object] = {
        "method": wanted.method,
        "path": "/" + parts.path.lstrip("/").partition("/")[2],
        "query": dict(parse_qsl(parts.query)),
        "auth": _auth(wanted),
        "content-type": wanted.headers.get("content-type", "").partition(";")[0],
    }
    return found | {f"body.{name}": value for name, value in _body(wanted).items()}


def _auth(wanted: Wanted) -> str:
    carried = [name for name in AUTH if name in wanted.headers]
    return ", ".join(
        f"{name}: {wanted.headers[name].partition(' ')[0]}" if name == AUTH[0] else name
        for name in carried
    )


def _body(wanted: Wanted) -> dict[str, object]:
    kind = wanted.headers.get("content-type", "")
    if kind.startswith("application/json"):
        fields = json.loads(wanted.body or b"{}")
        return {name: value for name, value in fields.items() if value is not None}
    if kind.startswith("multipart/"):
        request = Request(wanted.method, "/", {}, wanted.headers, wanted.body, "")
        return {
            part.name: (part.filename, part.content_type, sha256(part.data).hexdigest()[:16])
            if part.filename
            else part.data.decode()
            for part in request.form()
        }
    return {"": sha256(wanted.body).hexdigest()[:16]} if wanted.body else {}


def differences(ours: Wanted, theirs: Wanted) -> dict[str, tuple[object, object]]:
    """By fact, what we send and what they send, where the two are not the same; None is absent."""
    a, b = facts(ours), facts(theirs)
    return {name: (a.get(name), b.get(name)) for name in {**a, **b} if a.get(name) != b.get(name)}
