"""All services together: the first piece of a path names the provider. Also the book, for other processes.

`http://127.0.0.1:N/<provider id>` stands for a provider's scheme and host. Where the same path means something else on
another of its hosts, that host has a first piece of its own: `fal-run` for https://fal.run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from pydantic import TypeAdapter, ValidationError

from .clips import Studio
from .hosting import key_leaked, moved_file
from .jobs import Entry, Job, Jobs, Scenario
from .services import SERVICES
from .wire import MalformedError, Reply, Request, Response, answer

PROVIDER_IDS = tuple(SERVICES)
HOSTS = {
    urlsplit(host).netloc.replace(".", "-"): (id, host)
    for id, service in SERVICES.items()
    for host in service.hosts
}
"""Further hosts of providers, by the first piece of their paths here."""

_SCENARIO = TypeAdapter(Scenario)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request at the door: its whole URL, not yet given to a service. Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Services:
    """Every provider on this machine; give it to a door."""

    def __init__(
        self,
        scenario: Scenario | Mapping[str, Scenario] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lock = threading.RLock()
        self.studio = Studio()
        self._jobs = {
            id: Jobs(id, self.studio, kind.new_id, clock=clock) for id, kind in SERVICES.items()
        }
        self._handlers = {id: kind.make(self._jobs[id]) for id, kind in SERVICES.items()}
        self.play(scenario or Scenario())

    def play(self, scenario: Scenario | Mapping[str, Scenario]) -> None:
        """From now on: one scenario for all, or one for each provider named."""
        each = dict.fromkeys(SERVICES, scenario) if isinstance(scenario, Scenario) else scenario
        unknown = set(each) - set(SERVICES)
        if unknown:
            raise ValueError(f"no such provider: {sorted(unknown)}; there are {sorted(SERVICES)}")
        with self._lock:
            for id, plays in each.items():
                self._jobs[id].play(plays)

    def entries(self) -> list[Entry]:
        """Every submission accepted, oldest first."""
        with self._lock:
            found = [entry for jobs in self._jobs.values() for entry in jobs.entries()]
        return sorted(found, key=lambda entry: entry.created_at)

    def reset(self) -> None:
        """Empty the book and start the scenarios over."""
        with self._lock:
            for jobs in self._jobs.values():
                jobs.reset()

    def close(self) -> None:
        """Stop rendering."""
        self.studio.close()

    def handle(self, wanted: Wanted) -> Reply:
        """Find the service and let it answer."""
        parts = urlsplit(wanted.url)
        name, _, path = parts.path.lstrip("/").partition("/")
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        provider, host = HOSTS.get(name, (name, ""))
        request = Request(
            method=wanted.method,
            path=f"/{path}",
            query=dict(pairs),
            headers=wanted.headers,
            body=wanted.body,
            base=f"{parts.scheme}://{parts.netloc}/{provider}",
            pairs=tuple(pairs),
            host=host,
        )
        with self._lock:
            return self._answer(provider, request)

    def _answer(self, name: str, request: Request) -> Reply:
        if name in self._handlers:
            return self._handlers[name](request)
        if name == "_emulator":
            return self._admin(request)
        if name == "_hosted":
            return self._hosted(request)
        return answer({"error": "no such provider", "providers": list(SERVICES)}, 404)

    def _hosted(self, request: Request) -> Reply:
        """Where redirected downloads end: another origin, which must see no key."""
        job = self._find(request.segments)
        if job is None:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        return key_leaked(request) or moved_file(request, job)

    def _find(self, segments: list[str]) -> Job | None:
        match segments:
            case [provider, name] if provider in self._jobs:
                return self._jobs[provider].all.get(name.rpartition(".")[0])
            case _:
                return None

    def _admin(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/jobs":
                return answer([entry.as_json() for entry in self.entries()])
            case "POST", "/reset":
                self.reset()
                return answer({"ok": True})
            case "POST", "/scenario":
                return self._set_scenario(request)
            case _:
                return answer({"error": "GET jobs, POST reset or POST scenario"}, 404)

    def _set_scenario(self, request: Request) -> Response:
        """A scenario's fields, or an object with one such object for each provider."""
        try:
            asked = request.fields()
            if asked and set(asked) <= set(SERVICES):
                self.play({id: _SCENARIO.validate_python(one) for id, one in asked.items()})
            else:
                self.play(_SCENARIO.validate_python(asked))
        except (MalformedError, ValidationError) as error:
            return answer({"error": str(error)}, 400)
        return answer({"ok": True})


def addresses(root: str) -> dict[str, str]:
    """What stands for each provider's scheme and host."""
    return {id: f"{root}/{id}" for id in PROVIDER_IDS}


def host_addresses(root: str) -> dict[str, str]:
    """What stands for each further host of a provider, by that host."""
    return {host: f"{root}/{name}" for name, (_, host) in HOSTS.items()}


def base_addresses(root: str) -> dict[str, str]:
    """The same with the version path where a provider's base URL has one."""
    return {id: f"{url}{SERVICES[id].version_path}" for id, url in addresses(root).items()}
