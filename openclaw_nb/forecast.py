"""What a request would do, told before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.capabilities import ModeCaps, Model, Price
from openclaw_nb.core.domain import Change, Ignored, Job, Media, Medium, Mode, Ref, Request
from openclaw_nb.core.plan import plan, taken
from openclaw_nb.core.wire import Skip
from openclaw_nb.errors import ConfigError
from openclaw_nb.tables import Table

if TYPE_CHECKING:
    from openclaw_nb.client import Client
    from openclaw_nb.vendors import Vendors


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What would become of one candidate."""

    ref: Ref
    runs: bool
    """Whether a request would be sent to it, were it its turn."""
    reason: str = ""
    """Why it would not run."""
    job: Job | None = None
    """What would be sent."""
    changes: tuple[Change, ...] = ()
    """What would be sent otherwise than asked."""
    ignored: tuple[Ignored, ...] = ()
    """What would not be sent."""
    notes: tuple[str, ...] = ()
    """What is worth knowing, in sentences: the price, a known end."""
    takes: ModeCaps | None = None
    """What the model declares for this mode; None: nothing, all is passed on."""
    price: Price | None = None

    @property
    def usd(self) -> float | None:
        """About what it costs in US dollars, where the price and what it counts are known."""
        if self.price is None or self.job is None:
            return None
        counted: dict[str, float | None] = {
            "second": self.job.duration_seconds,
            "image": self.job.count or 1,
            "megapixel": None,
        }
        count = counted.get(self.price.per, 1)
        return self.price.usd * count if count else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a request would do: the candidates in order. Nothing was sent."""

    mode: Mode
    """What the references make it: text-to-video, image-to-video, ..."""
    verdicts: tuple[Verdict, ...]
    """One for each candidate; the first that runs would be asked first."""
    notices: tuple[str, ...] = ()
    """What concerns all of them, such as a default model that is served no longer."""
    medium: Medium = Medium.VIDEO

    @property
    def table(self) -> Table:
        """The verdicts as a table."""
        columns = ("candidate", "verdict", "sent", "changed", "ignored", "note")
        rows = tuple(map(_verdict_row, self.verdicts))
        return Table(
            columns, rows, caption="; ".join((self.mode.words_for(self.medium), *self.notices))
        )

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()  # pyright: ignore[reportPrivateUsage] # IPython's own name

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def forecast(client: Client, request: Request, *, exact: bool) -> Forecast:
    """What `client` would do with `request`, from the functions that a run uses.

    Raises:
        InvalidInput: a parameter or reference is not usable.
        NoCandidate: nothing is configured.
    """
    medium = request.medium
    chosen = client.vendors.candidates(request.model, exact=exact, medium=medium)
    media = client.load(request)
    verdicts = tuple(_verdict(client.vendors, ref, request, media) for ref in chosen.refs)
    return Forecast(request_mode(request), verdicts, chosen.notices, medium)


def _verdict(vendors: Vendors, ref: Ref, request: Request, media: Media) -> Verdict:
    provider = find_provider(ref.provider, vendors.of(request.medium))
    if provider is None:
        return Verdict(ref=ref, runs=False, reason="no such provider is registered")
    try:
        reach = vendors.reach(provider)
    except ConfigError as error:
        return Verdict(ref=ref, runs=False, reason=str(error))
    planned = plan(request, media, reach.provider, ref.model)
    takes = taken(request, media, reach.provider, ref.model)
    if isinstance(planned, Skip):
        return Verdict(ref=ref, runs=False, reason=planned.reason, takes=takes)
    missing = f"{reach.unusable}; set {' or '.join(provider.key.env)}" if reach.unusable else ""
    row = reach.provider.model(planned.ref.model)
    return Verdict(
        ref=planned.ref,
        runs=not missing,
        reason=missing,
        job=planned.job,
        changes=planned.changes,
        ignored=planned.ignored,
        notes=(*planned.notes, *_facts(row)),
        takes=takes,
        price=row.price,
    )


def request_mode(request: Request) -> Mode:
    """The mode that the references of a request select."""
    if request.medium is not Medium.VIDEO:
        return Mode.EDIT if request.images else Mode.GENERATE
    if request.videos:
        return Mode.VIDEO_TO_VIDEO
    return Mode.IMAGE_TO_VIDEO if request.images else Mode.GENERATE


def _facts(row: Model) -> tuple[str, ...]:
    facts: list[str] = []
    if row.price:
        facts.append(str(row.price))
    if row.retires_on:
        successor = f", use {row.replaced_by}" if row.replaced_by else ""
        gone = row.retires_on <= datetime.now(tz=UTC).date()
        when = "no longer served by its vendor since" if gone else "retires on"
        facts.append(f"{when} {row.retires_on}{successor}")
    return tuple(facts)


def _verdict_row(verdict: Verdict) -> tuple[str, ...]:
    return (
        str(verdict.ref),
        "would run" if verdict.runs else f"would not run: {verdict.reason}",
        _sent(verdict.job),
        "; ".join(map(changed, verdict.changes)),
        ", ".join(f"{i.setting}={i.value}" for i in verdict.ignored),
        "; ".join(verdict.notes),
    )


def changed(change: Change) -> str:
    """What was asked for and what is sent instead, in a few words."""
    if change.requested is None and change.derived_from:
        return f"{change.setting}: {change.applied} from {change.derived_from}"
    return f"{change.setting}: {change.requested} -> {change.applied}"


_STYLE = (
    *("size", "aspect_ratio", "resolution", "duration_seconds", "audio", "watermark"),
    *("quality", "output_format", "background", "lyrics", "instrumental", "format"),
)


def _sent(job: Job | None) -> str:
    return ", ".join(f"{name}={value}" for name, value in sent_settings(job).items())


def sent_settings(job: Job | None) -> dict[str, Any]:
    """The style settings that a job carries, by parameter."""
    given = {name: getattr(job, name, None) for name in _STYLE}
    return {name: value for name, value in given.items() if value is not None}
