"""All that an adapter may say: a call to send, a reply it reads, and what comes next. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic_core import from_json

from openclaw_nb.core.capabilities import Caps, Model
from openclaw_nb.core.domain import Asset, Blob, Change, Ignored, Job, Link, Medium, Why

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T", bound="Ticket")


@dataclass(frozen=True, slots=True)
class Inline:
    """A place in a JSON body where a blob's bytes go. They are encoded while they are sent."""

    blob: Blob
    form: Literal["data_uri", "base64"] = "data_uri"


@dataclass(frozen=True, slots=True)
class KeyHere:
    """A place in a JSON body where the provider's key goes, for an API that wants it there too.

    It becomes null where the call carries no key.
    """


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, as data. The engine adds origin, key, deadline and retries.

    `path` starts with "/" and is appended to the provider's base URL, unless the provider itself
    handed out a whole URL. One of three bodies: `json`, which may hold `Inline` and `KeyHere` leaves; `form`,
    sent as multipart; `content`, a file's bytes as they are.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    json: Mapping[str, object] | None = None
    form: Mapping[str, str | Asset] | None = None
    content: Blob | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    keyed: bool = True
    """False: no key goes with it even to the provider's own host, as to a signed address."""
    host: str = ""
    """Another host of the vendor that has this path, such as `https://rest.example.com`. A base URL
    that the user names, or the emulator, stands for it too."""
    seconds: float | None = None
    """What this exchange may take; None: the provider's `http_seconds`."""
    websocket: bool = False
    """It opens a websocket, whose text frames are the events of a stream."""


class Malformed(ValueError):
    """A reply that is not what its contract says."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str = ""
    """The `path` of the call that it answers: some answers are only whole together with it."""
    base_url: str = ""
    """What that path was appended to; an address in the answer may be relative to it."""

    def read(self, shape: type[M]) -> M:
        """The body as `shape`; raises `Malformed` with the keys that were present instead."""
        try:
            return shape.model_validate_json(self.body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the body"
            raise Malformed(f"{where}: {first['msg']}; the answer began {self.start()!r}") from None

    def members(self) -> dict[str, JsonValue]:
        """The body as any JSON object; raises `Malformed`."""
        try:
            body: JsonValue = from_json(self.body)
        except ValueError as error:
            raise Malformed(f"no JSON: {error}; the answer began {self.start()!r}") from None
        if not isinstance(body, dict):
            raise Malformed(f"no JSON object; the answer began {self.start()!r}")
        return body

    def start(self, length: int = 200) -> str:
        """The first characters of the body, for messages."""
        return self.body[: length * 4].decode("utf-8", "replace")[:length]


class Wire(BaseModel):
    """The part of a provider's reply that we use; what else it holds is not our business."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Ticket(BaseModel):
    """All that is needed to find a job again after a restart. The ledger keeps it as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @property
    def job_id(self) -> str:
        """The provider's own id of the job, for messages and support."""
        return str(next(iter(self.model_dump().values()), ""))


@dataclass(frozen=True, slots=True)
class Hosted:
    """A finished file at an address. `keyed` says that fetching it needs the provider's key."""

    url: str
    keyed: bool = False
    name: str | None = None
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class InHand:
    """A finished file that came inside an answer."""

    data: bytes = field(repr=False)
    media_type: str
    name: str | None = None


Output: TypeAlias = Hosted | InHand


JobState: TypeAlias = Literal["queued", "running"]
"""Where an unfinished job stands at its provider."""


@dataclass(frozen=True, slots=True)
class Wait(Generic[T]):
    """Not ready: keep the ticket, ask again later. `fraction` runs from 0 to 1."""

    ticket: T
    state: JobState = "running"
    fraction: float | None = None
    note: str = ""
    """What to tell the user beside the state."""
    odd: bool = False
    """The note is of something that the contract does not know; it is logged as a warning."""
    poll_seconds: float | None = None
    """How long the provider wishes not to be asked again, when it says so."""
    ahead: int = 0
    """How many jobs come before it in the provider's queue, when it says so."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One more call, at once, before the answer is known."""

    call: Call
    read: Callable[[Reply], Wait[Any] | Fetch | Done | Refused]
    """A `Wait` means asked too early: back to polling."""
    read_error: Callable[[Reply], Wait[Any] | Refused] | None = None
    """Reads an answer that is not 2xx; without it the provider's `parse_error` does."""


@dataclass(frozen=True, slots=True)
class Done:
    """Ready: the outputs, where they are or as they came."""

    outputs: tuple[Output, ...]
    metadata: Mapping[str, object] = field(default_factory=dict[str, object])
    model: str | None = None
    """A more exact model id, when the provider reports one."""
    warnings: tuple[str, ...] = ()
    """What the user should know of the outputs."""
    ticket: Ticket | None = None
    """Set by `at_once`: kept before the files are fetched, since no `Wait` brought one."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not make it. `said` is its own sentence, untouched."""

    why: Why
    said: str
    code: str = ""
    status: int | None = None
    request_id: str = ""
    """What the provider's support asks for."""
    advice: str = ""
    """What to do about it, in our words; messages show it after `said`."""


Step: TypeAlias = Wait[T] | Fetch | Done | Refused


@dataclass(frozen=True, slots=True)
class Before:
    """A call that a submission needs first, such as an upload. It makes no job and costs nothing."""

    call: Call
    read: Callable[[Reply], Before | Job | Refused]
    """What comes next: another call, or the job as it can be submitted now."""
    pause_seconds: float = 0.0
    """To wait before the call, while the provider looks at what was uploaded."""


Check: TypeAlias = Literal["references", "providerOptions", "durationSeconds", "provider"]
"""What a model was passed over for: one of its declared limits, or a rule of the provider's own."""


@dataclass(frozen=True, slots=True)
class Skip:
    """This model cannot take the request; the next candidate is tried."""

    reason: str
    check: Check = "provider"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A job after a provider's own rules, and what they changed."""

    job: Job
    changes: tuple[Change, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """Where a provider's key is looked for, in order, and how it is sent."""

    env: tuple[str, ...]
    header: str = "Authorization"
    form: str = "Bearer {}"
    config_first: bool = False
    """The configuration's key wins over the environment's."""
    borrowed: tuple[str, ...] = ()
    """Variables of `env` that are another id's own. A key from there serves who names this id, but
    does not make it a candidate by itself: one account is not tried twice."""
    refuse: Callable[[str], str] | None = None
    """Why a key is of a kind that this API does not take; an empty text when it is fine."""
    read: Callable[[str], tuple[str, str]] | None = None
    """The header's name and value for keys that come in more than one form."""

    def sent_as(self, key: str) -> tuple[str, str]:
        """The header that carries `key`: its name and its value."""
        return self.read(key) if self.read else (self.header, self.form.format(key))


def takes_any_url(_: str) -> bool:
    """For an API that fetches references itself."""
    return True


def takes_no_url(_: str) -> bool:
    """For an API that wants every reference as bytes."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(Generic[T]):
    """One provider, whole: facts, capabilities, pure functions. Its first model is the default."""

    id: str
    label: str
    base_url: str
    """Where calls go unless the user names another place; without a trailing slash."""
    key: Key
    models: tuple[Model, ...]
    caps: Caps
    ticket: type[T]
    build_submit: Callable[[Job], Call]
    parse_submit: Callable[[Reply], Step[T]]
    build_status: Callable[[T], Call]
    parse_status: Callable[[T, Reply], Step[T]]
    parse_error: Callable[[Reply], Refused]
    """Reads any answer that is not 2xx."""
    build_stream: Callable[[T], Call | None] | None = None
    """A call that is answered with events, sent by the server or over a websocket. Where there is
    none, or it breaks off, the job is asked after."""
    read_event: Callable[[T, Reply], Step[T] | None] | None = None
    """Reads an event; None from it: it says nothing of the job. Where there is no such function, an
    event is what the answer to a status call would be at that moment."""
    parse_status_error: Callable[[T, Reply], Step[T]] | None = None
    """Reads an answer to a poll that is not 2xx, for an API where that need not be the end."""
    over: Callable[[T], Done | None] | None = None
    """What a ticket says that already holds the outputs, so that nobody needs to be asked."""
    medium: Medium = Medium.VIDEO
    """What it makes. A vendor that makes several media has a provider for each, of the same id."""
    family: Callable[[str], Model] | None = None
    """The row of a model id that has none of its own, where ids tell what a model takes."""
    fit: Callable[[Job], Fitted | Skip] | None = None
    """Rules that tables cannot say, such as a length that only one resolution has."""
    prepare: Callable[[Job], Before | Job] | None = None
    """The calls that a submission needs first; the job itself when it needs none."""
    once_header: str | None = None
    """Carries a UUID with each submission, new for each job and the same when it is sent again."""
    find_jobs: str = ""
    """How the user finds a job whose submission went unanswered, such as `GET /videos lists them`.
    Empty: the API has no such way."""
    build_cancel: Callable[[T, JobState], Call | None] | None = None
    """None from it: in this state the job cannot be stopped. It is asked after a fresh status."""
    configure: Callable[[Mapping[str, object], Callable[[str], str]], Provider[T]] | None = None
    """The provider as its own block of the configuration makes it, for one that is more than a key.

    Takes `plugins.entries.<id>.config` and a function that reads a text file by its path. Raises
    ValueError with a sentence for the user.
    """
    keyless: bool = False
    """Can be used without a key."""
    by_name_only: bool = False
    """Never counts as configured, whatever key there is: it runs only for who asks for it."""
    read_base_url: Callable[[str], str] | None = None
    """Turns the base URL that the user configured into the one calls go to."""
    refuse_base_url: Callable[[str], str] | None = None
    """Why an address is one where this API is not served; an empty text when it may be."""
    base_url_env: str | None = None
    """A variable of the vendor's own that names the host, used after the configuration."""
    aliases: tuple[str, ...] = ()
    poll_seconds: float = 5.0
    """The shortest pause between two polls. They come farther apart as a job takes longer."""
    slowest_poll_seconds: float | None = None
    """The longest; the same as the shortest is a fixed pause, None leaves it open."""
    deadline_seconds: float = 1200.0
    """For the whole operation: submit, polls, download."""
    deadline_wins: bool = False
    """The user set `deadline_seconds` for this provider: it counts, not what a request says."""
    http_seconds: float = 60.0
    """For one HTTP exchange that is not a download."""
    max_reply_bytes: int = 1_048_576
    """The largest answer that is read, downloads apart."""
    default_for: Callable[[int, int], str] | None = None
    """The model for so many images and videos when the caller named none; None: the first."""
    takes_url: Callable[[str], bool] = takes_any_url
    """False for an address: the API wants bytes, so the reference is fetched before submitting."""
    key_hosts: tuple[str, ...] = ()
    """Further https hosts that may see the key: exact names, or `*.example.com`."""
    elsewhere: Provider[T] | None = None
    """Stands in when the user names another base URL, for a wire that other vendors serve too."""

    @property
    def finding(self) -> str:
        """A sentence on what to look at before a submission is sent a second time."""
        if self.find_jobs:
            return f"{self.find_jobs}; look there before you send it again"
        return "Look at the provider's own list of jobs before you send it again"

    @property
    def default_model(self) -> Model:
        """The model used when none is named."""
        return self.models[0]

    def model(self, id: str) -> Model:
        """The row of `id`, listed or of its family; else an empty one, as any id may be passed on."""
        known = (row for row in self.models if id in (row.id, *row.former_ids))
        return next(known, None) or (self.family(id) if self.family else Model(id=id))


AnyProvider: TypeAlias = Provider[Any]


def at_once(ticket: T, step: Step[T]) -> Step[T]:
    """What the answer to a submission says: a job that is over already must be found again, too."""
    return replace(step, ticket=ticket) if isinstance(step, Done) else step


def new_to_us(ticket: T, status: str) -> Wait[T]:
    """A status that the contract does not list. The job may be paid for: go on waiting, say so."""
    return Wait(ticket, note=f"status {status!r} is not in the contract; waiting on", odd=True)


def data_uri(asset: Asset) -> str | Inline:
    """A reference for a JSON field that takes a URL or a data URI."""
    return asset.url if isinstance(asset, Link) else Inline(asset)


def hosted_near(reply: Reply, url: str) -> Hosted:
    """A file at `url`, which may be relative; only at the API's own origin does it need the key.

    Raises `Malformed` when `url` is no http(s) address.
    """
    try:
        whole = urljoin(reply.base_url, url)
        home, there = urlsplit(reply.base_url), urlsplit(whole)
    except ValueError:
        raise Malformed(f"{url!r} is no address") from None
    if there.scheme not in ("http", "https") or not there.netloc:
        raise Malformed(f"{url!r} is no http(s) address")
    return Hosted(whole, keyed=(there.scheme, there.netloc) == (home.scheme, home.netloc))
