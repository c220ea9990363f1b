"""A job's life, the same for every service, and the ways it can go wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Literal, cast

from .clips import Clip, Kind, Spec, Studio
from .wire import Fault, Request, Response, answer

Ending = Literal["succeeded", "moderated", "failed", "expired", "cancelled"]
State = Literal["queued", "running", "succeeded", "moderated", "failed", "expired", "cancelled"]
Download = Literal[
    "ok",
    "slow",
    "truncated",
    "oversize",
    "html",
    "json",
    "empty",
    "redirect",
    "expired",
    "reset",
    "stalled",
]
RECORDED_FROM = 500
NOT_RECORDED = frozenset({503})
LONGEST_VALUE = 200
QUEUED_PART = 0.1


@dataclass(frozen=True, slots=True)
class Scenario:
    """How things go. Every field is a plain value; a job keeps the scenario it was accepted under."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - pydantic's own name, read when JSON comes in

    polls: int = 2
    """Which status call is the first to show the end; 0: the job has ended when it is accepted."""
    seconds: float | None = None
    """Time a job takes; counts instead of `polls`."""
    ends: Ending = "succeeded"
    submit_moderated: bool = False
    """Refuse the prompt at submission, as the provider does."""
    drop_submit_reply: int = 0
    """Accept this many submissions and close the connection without answering."""
    hold_submit_reply: int = 0
    """Accept this many submissions and never answer, while the connection stays open."""
    submit_status: int | None = None
    """HTTP error for submissions. 500 and above except 503: the job was recorded all the same."""
    submit_status_times: int = 1
    retry_after_seconds: float | None = None
    """Sent as Retry-After with 429 and 503."""
    unknown_status_word: str | None = None
    """Shown instead of the provider's own words until the end."""
    poll_failures: tuple[int, ...] = ()
    """HTTP statuses of a job's first status calls, which do not count as polls."""
    download: Download = "ok"
    download_times: int | None = None
    """How many of a job's downloads go so; those after them go well. None: all."""
    download_seconds: float = 2.0
    """How long a slow download takes."""
    oversize_bytes: int = 17 * 2**20
    """Size of an oversize download; still a playable MP4."""
    render: Literal["full", "draft"] = "full"
    """A draft is an eighth of the size and at most a second long: for tests that do not look at it."""
    quirk: str | None = None
    """A word of one provider's own; its service documents what it knows and refuses any other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the book, as it stands now."""

    provider: str
    kind: Kind
    model: str
    id: str
    state: State
    created_at: float
    finished_at: float | None
    polls: int
    downloads: int
    digest: str
    request: dict[str, object]

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Order:
    """What a service read out of a submission."""

    model: str
    asked: Mapping[str, object]
    spec: Spec
    id: str | None = None
    """The job's id, where the client chooses it."""
    more: tuple[Spec, ...] = ()
    """Further files of the same job."""

    @property
    def files(self) -> tuple[Spec, ...]:
        """All of them."""
        return (self.spec, *self.more)


@dataclass(slots=True)
class Job:
    """One submission that was accepted."""

    provider: str
    id: str
    order: Order
    digest: str
    scenario: Scenario
    created_at: float
    clock: Callable[[], float]
    clips: tuple[Future[Clip], ...] = ()
    polls: int = 0
    failures: int = 0
    downloads: int = 0
    ended_at: float | None = None
    cancelled: bool = False
    notes: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def clip(self) -> Future[Clip] | None:
        """The file, or the first of several; None where there is none."""
        return self.clips[0] if self.clips else None

    def asked_after(self) -> int | None:
        """Count a status call; the HTTP status it must fail with, if any."""
        if self.failures < len(self.scenario.poll_failures):
            self.failures += 1
            return self.scenario.poll_failures[self.failures - 1]
        self.polls += 1
        return None

    def asked_for(self) -> Download:
        """Count a download; how it is to go."""
        self.downloads += 1
        times = self.scenario.download_times
        spoilt = times is None or self.downloads <= times
        return self.scenario.download if spoilt else "ok"

    @property
    def state(self) -> State:
        """Where it stands now."""
        if self.cancelled:
            return "cancelled"
        if not self._is_over():
            return "queued" if self.part_done <= 0 else "running"
        return self.scenario.ends

    @property
    def word(self) -> str | None:
        """The unknown word to show, while it runs."""
        waiting = self.state in {"queued", "running"}
        return self.scenario.unknown_status_word if waiting else None

    @property
    def part_done(self) -> float:
        """0 to 1. The first status call, and the first tenth of the time, find it queued."""
        if self.scenario.seconds is None:
            return min(1.0, max(0, self.polls - 1) / max(1, self.scenario.polls - 1))
        passed = (self.clock() - self.created_at) / max(self.scenario.seconds, 1e-9)
        return 0.0 if passed < QUEUED_PART else min(1.0, passed)

    @property
    def finished_at(self) -> float | None:
        """When it ended, if it has."""
        return self.ended_at if self._is_over() else None

    def cancel(self) -> bool:
        """Stop it; False when it had ended."""
        if self._is_over():
            return False
        self.cancelled, self.ended_at = True, self.clock()
        return True

    def _is_over(self) -> bool:
        if self.ended_at is not None:
            return True
        seconds = self.scenario.seconds
        if seconds is not None and self.clock() - self.created_at >= seconds:
            self.ended_at = self.created_at + seconds
        elif seconds is None and self.polls >= self.scenario.polls:
            self.ended_at = self.clock()
        return self.ended_at is not None

    def entry(self) -> Entry:
        """Its line in the book."""
        return Entry(
            provider=self.provider,
            kind=self.order.spec.kind,
            model=self.order.model,
            id=self.id,
            state=self.state,
            created_at=self.created_at,
            finished_at=self.finished_at,
            polls=self.polls,
            downloads=self.downloads,
            digest=self.digest,
            request=cast("dict[str, object]", brief(dict(self.order.asked))),
        )


def brief(value: object) -> object:
    """The same value with long texts, which are media, cut to their start and a digest."""
    if isinstance(value, dict):
        return {key: brief(each) for key, each in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [brief(each) for each in cast("list[object]", value)]
    if isinstance(value, bytes):
        return f"{len(value)} bytes, sha256 {sha256(value).hexdigest()[:16]}"
    if isinstance(value, str) and len(value) > LONGEST_VALUE and value.startswith("data:"):
        digest = sha256(value.encode()).hexdigest()[:16]
        return f"{value[:48]}… ({len(value)} characters, sha256 {digest})"
    return value


@dataclass(slots=True)
class Jobs:
    """The jobs of one provider, and the scenario it plays."""

    provider: str
    studio: Studio
    new_id: Callable[[], str]
    scenario: Scenario = field(default_factory=Scenario)
    clock: Callable[[], float] = time.time
    all: dict[str, Job] = field(default_factory=dict[str, Job])
    submissions: int = 0
    accepted: int = 0

    def play(self, scenario: Scenario) -> None:
        """From now on; jobs already accepted keep theirs."""
        self.scenario, self.submissions, self.accepted = scenario, 0, 0

    def reset(self) -> None:
        """Forget every job."""
        self.all.clear()
        self.play(self.scenario)

    def no_such_quirk(self, known: Collection[str]) -> Response | None:
        """The answer to any request while the scenario names a quirk that its service does not have."""
        quirk = self.scenario.quirk
        if quirk is None or quirk in known:
            return None
        return answer({"error": f"no quirk {quirk!r}; there are {sorted(known)}"}, 501)

    def admit(
        self,
        request: Request,
        order: Order,
        said: Callable[[Job], Response],
        error: Callable[[int], Response],
    ) -> Response:
        """Accept a valid submission, unless the scenario has it otherwise."""
        status = self._refusal()
        if status is not None and (status < RECORDED_FROM or status in NOT_RECORDED):
            return self._held_off(error(status))
        job = self._accept(request, order)
        if status is not None:
            return error(status)
        self.accepted += 1
        return said(job).spoilt(self._lost_reply())

    def _lost_reply(self) -> Fault | None:
        if self.accepted <= self.scenario.drop_submit_reply:
            return Fault("drop")
        return Fault("hold") if self.accepted <= self.scenario.hold_submit_reply else None

    def _refusal(self) -> int | None:
        if self.scenario.submit_status is None:
            return None
        self.submissions += 1
        again = self.submissions <= self.scenario.submit_status_times
        return self.scenario.submit_status if again else None

    def _held_off(self, response: Response) -> Response:
        wait = self.scenario.retry_after_seconds
        if wait is None:
            return response
        headers = {**response.headers, "retry-after": f"{wait:g}"}
        return Response(response.status, response.body, headers)

    def _accept(self, request: Request, order: Order) -> Job:
        scenario = self.scenario
        specs = [file.draft() if scenario.render == "draft" else file for file in order.files]
        job = Job(
            provider=self.provider,
            id=order.id or self.new_id(),
            order=order,
            digest=request.digest(),
            scenario=scenario,
            created_at=self.clock(),
            clock=self.clock,
            clips=tuple(self.studio.order(spec) for spec in specs)
            if scenario.ends == "succeeded"
            else (),
        )
        self.all[job.id] = job
        return job

    def entries(self) -> Iterator[Entry]:
        """The book of this provider."""
        return (job.entry() for job in self.all.values())
