"""The keys of `openclaw.json` that are used here, checked strictly.

The file belongs to OpenClaw, which has many more keys. Sections that are all OpenClaw's are left
alone; inside the sections that are read, a key that neither knows is an error, as it would be there.
(Names of OpenClaw's keys: its configuration reference, docs.openclaw.ai, read 2026-11-21.)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Annotated, Any, ClassVar, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    model_validator,
)
from pydantic.alias_generators import to_camel

_MIB = 1_048_576


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        defer_build=True,
    )

    foreign: ClassVar[frozenset[str]] = frozenset()
    """Keys of this section that are OpenClaw's own business."""

    @model_validator(mode="before")
    @classmethod
    def _without_foreign(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        given = cast("Mapping[str, object]", values)
        return {name: value for name, value in given.items() if name not in cls.foreign}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Without keys of no known meaning: their values may be secret."""
        shown = type(self).model_fields
        return ((name, value) for name, value in super().__repr_args__() if name in shown)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _as_choice(value: object) -> object:
    return {"primary": value} if isinstance(value, str) else value


def _as_text(value: object) -> object:
    match value:
        case {"source": "env", "id": str(name)}:
            return f"${{{name}}}"
        case _:
            return value


def _as_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic reads ValueErrors
    return value


def _as_address(value: object) -> object:
    """A text with variables in it is judged when they are put in."""
    if isinstance(value, str) and "${" not in value and not is_address(value):
        raise ValueError("must be an http(s) address")
    return value


def is_address(text: str) -> bool:
    """Whether a text is an http(s) address with a host."""
    try:
        parts = urlsplit(text.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


Number = Annotated[float, BeforeValidator(_as_number)]
Whole = Annotated[int, BeforeValidator(_as_number), Field(gt=0)]
"""A whole number above 0."""
Secret = Annotated[SecretStr | None, BeforeValidator(_as_text)]
"""A text that is never shown; `{source: "env", id: "NAME"}` means `${NAME}`."""


def unsendable(text: str) -> str:
    """Why `text` cannot be the value of a header; empty when it can."""
    if text.isascii() and text.isprintable():
        return ""
    return "it holds a line break, a control character or a letter that no header takes"


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError("the name of a header has letters, digits and -, and nothing else")
    return name


def _header_value(value: SecretStr | None) -> SecretStr | None:
    if value and (why := unsendable(value.get_secret_value())):
        raise ValueError(f"it cannot be sent: {why}")
    return value


def public_url(url: str) -> str:
    """`url` itself, when it may be shown. Raises ValueError."""
    try:
        login = "@" in urlsplit(url).netloc
    except ValueError:
        login = "@" in url
    if login:
        raise ValueError("must not hold a name or password; `headers` can carry them, unseen")
    return url


Address = Annotated[str, BeforeValidator(_as_address), AfterValidator(public_url)]

_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_HeaderName = Annotated[str, AfterValidator(_header_name)]
_Headers = Mapping[_HeaderName, Annotated[Secret, AfterValidator(_header_value)]]


class ModelChoice(_Section):
    """Which models are tried. In the file a plain string is the same as `{primary: string}`."""

    primary: str | None = None
    fallbacks: tuple[str, ...] = ()
    timeout_ms: Whole | None = None
    """Milliseconds for one provider's whole operation."""


class ChatModel(_Section):
    """`agents.defaults.model`: only its provider counts here."""

    primary: str | None = None
    fallbacks: tuple[str, ...] = ()


_Choice = Annotated[ModelChoice, BeforeValidator(_as_choice)]


class MediaModels(_Section):
    """`agents.defaults.mediaModels`, as later versions of OpenClaw spell the model choices."""

    video: _Choice | None = None
    image: _Choice | None = None
    music: _Choice | None = None


class Defaults(_Section):
    """`agents.defaults`."""

    foreign = _names(
        """
        agentRuntime blockStreamingBreak blockStreamingChunk blockStreamingCoalesce
        blockStreamingDefault bootstrapMaxChars bootstrapTotalMaxChars cliBackends compaction
        contextPruning contextTokens elevatedDefault embeddedHarness embeddedPi envelopeElapsed
        envelopeTimestamp envelopeTimezone heartbeat humanDelay imageMaxDimensionPx imageModel
        llm maxConcurrent memorySearch models params pdfMaxBytesMb pdfMaxPages pdfModel
        reasoningDefault repoRoot sandbox silentReply skills skipBootstrap subagents
        systemPromptOverride thinkingDefault timeFormat timeoutSeconds typingIntervalSeconds
        typingMode userTimezone utilityModel verboseDefault voiceModel workspace
        """
    )

    video_generation_model: _Choice = ModelChoice.model_construct()
    image_generation_model: _Choice = ModelChoice.model_construct()
    music_generation_model: _Choice = ModelChoice.model_construct()
    media_models: MediaModels = MediaModels.model_construct()
    """Counts where the names above are absent."""
    media_generation_auto_provider_fallback: StrictBool = True
    media_max_mb: Number | None = None
    model: Annotated[ChatModel, BeforeValidator(_as_choice)] = ChatModel.model_construct()

    def choice(self, medium: Literal["video", "image", "music"]) -> ModelChoice:
        """Which models make video, images or music, under either of the names."""
        usual: ModelChoice = getattr(self, f"{medium}_generation_model")
        later: ModelChoice | None = getattr(self.media_models, medium)
        given = f"{medium}_generation_model" in self.model_fields_set
        return usual if given or later is None else later


class Agents(_Section):
    """`agents`."""

    foreign = _names("list")

    defaults: Defaults = Defaults.model_construct()


class Auth(_Section):
    """`models.providers.<id>.request.auth`: how the key is sent, when not as the provider wants."""

    mode: Literal["provider-default", "authorization-bearer", "header"] = "provider-default"
    token: Secret = None
    header_name: _HeaderName | None = None
    value: Secret = None
    prefix: str = ""
    """Before the value."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.mode == "authorization-bearer" and self.token is None:
            raise ValueError("authorization-bearer needs a token")
        if self.mode == "header" and not (self.header_name and self.value):
            raise ValueError("header needs headerName and value")
        if why := unsendable(self.prefix):
            raise ValueError(f"the prefix cannot be sent: {why}")
        return self


class Tls(_Section):
    """`models.providers.<id>.request.tls`. Files are PEM."""

    ca: str | None = None
    """File with the certificates of those who are trusted besides the system's."""
    cert: str | None = None
    """File with our own certificate."""
    key: str | None = None
    """File with its key."""
    passphrase: Secret = None
    server_name: str | None = None
    """The name that the server's certificate must bear, instead of the host's."""
    insecure_skip_verify: StrictBool = False


class Proxy(_Section):
    """`models.providers.<id>.request.proxy`."""

    mode: Literal["env-proxy", "explicit-proxy"] = "env-proxy"
    url: Secret = None
    tls: Tls | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.mode == "explicit-proxy" and self.url is None:
            raise ValueError("explicit-proxy needs a url")
        return self


class RequestSettings(_Section):
    """`models.providers.<id>.request`."""

    headers: _Headers = Field(default_factory=dict, repr=False)
    auth: Auth = Auth.model_construct()
    proxy: Proxy | None = None
    tls: Tls | None = None
    allow_private_network: StrictBool = False
    """The provider's own traffic may go to private addresses besides its base URL's host."""
    max_concurrent: Whole = 16
    """How many tasks of one process are at work at the provider at once; the others wait."""


class ProviderSettings(_Section, extra="allow"):
    """`models.providers.<id>`, or `plugins.entries.<id>.config`. More keys are the provider's own."""

    foreign = _names(
        "agentRuntime api authHeader contextTokens contextWindow injectNumCtxForOpenAICompat"
        " localService maxTokens models params region timeoutSeconds"
    )

    base_url: Address | None = None
    api_key: Secret = None
    """A key, `$NAME` or `${NAME}`, or a stored profile's id; `{source: "env", id: "NAME"}` too."""
    auth: str | None = None
    """`api-key` puts `api_key` before stored profiles and the environment."""
    headers: _Headers = Field(default_factory=dict, repr=False)
    request: RequestSettings = RequestSettings.model_construct()

    @property
    def own(self) -> Mapping[str, object]:
        """The keys that only this provider has."""
        return self.model_extra or {}

    @property
    def sent_headers(self) -> dict[str, str]:
        """What is sent along with every request; the values may be secret."""
        given = {**self.headers, **self.request.headers}
        return {name: value.get_secret_value() for name, value in given.items() if value}


_SAYS_NOTHING = ProviderSettings.model_construct()


class Models(_Section):
    """`models`."""

    foreign = _names("mode bedrockDiscovery pricing")

    providers: Mapping[str, ProviderSettings] = Field(default_factory=dict)


class Plugin(_Section):
    """`plugins.entries.<id>`."""

    foreign = _names("enabled hooks apiKey env subagent")

    config: ProviderSettings = ProviderSettings.model_construct()


class Plugins(_Section):
    """`plugins`."""

    foreign = _names("allow bundledDiscovery deny enabled installs load slots")

    entries: Mapping[str, Plugin] = Field(default_factory=dict)


class SsrfPolicy(_Section):
    """`tools.web.fetch.ssrfPolicy`: which addresses may be fetched besides public ones."""

    allow_private_network: StrictBool = Field(
        default=False,
        validation_alias=AliasChoices("allowPrivateNetwork", "dangerouslyAllowPrivateNetwork"),
    )
    allowed_hostnames: frozenset[str] = frozenset()
    hostname_allowlist: tuple[str, ...] = ()
    allow_rfc2544_benchmark_range: StrictBool = Field(
        default=False, validation_alias="allowRfc2544BenchmarkRange"
    )


class Fetch(_Section):
    """`tools.web.fetch`."""

    foreign = _names(
        "cacheTtlMinutes enabled firecrawl maxChars maxCharsCap maxRedirects maxResponseBytes"
        " provider readability timeoutSeconds useTrustedEnvProxy userAgent"
    )

    ssrf_policy: SsrfPolicy = SsrfPolicy.model_construct()


class Web(_Section):
    """`tools.web`."""

    foreign = _names("search")

    fetch: Fetch = Fetch.model_construct()


class Tools(_Section):
    """`tools`."""

    foreign = _names(
        "agentToAgent allow alsoAllow byProvider codeMode deny elevated exec experimental fs links"
        " loopDetection media message profile sandbox sessions sessions_spawn subagents toolSearch"
    )

    web: Web = Web.model_construct()


class Tasks(_Section):
    """`tasks`: how long ended tasks stay in the ledger, and how often it is swept. Milliseconds."""

    retention_ms: Whole = 604_800_000
    sweep_interval_ms: Whole = Field(default=60_000, le=2_147_483_647)

    @property
    def sweep_seconds(self) -> float:
        """`sweep_interval_ms` in seconds."""
        return self.sweep_interval_ms / 1000


class Profiles(_Section):
    """`auth`."""

    foreign = _names("profiles cooldowns")

    order: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """By provider id the stored profiles, first choice first."""


class ShellEnv(_Section):
    """`env.shellEnv`: whether missing variables are taken from the login profile."""

    enabled: StrictBool = False
    timeout_ms: Whole = 15_000


class Env(_Section, extra="allow"):
    """`env`: variables that are set unless the environment has them. The rest are such, too."""

    vars: Mapping[str, str] = Field(default_factory=dict, repr=False)
    shell_env: ShellEnv = ShellEnv.model_construct()

    @property
    def variables(self) -> dict[str, str]:
        """All of them."""
        loose = {name: str(value) for name, value in (self.model_extra or {}).items()}
        return {**loose, **self.vars}


class Settings(_Section):
    """The part of `openclaw.json` that is used here."""

    foreign = _names(
        """
        $schema accessGroups acp approvals audio bindings broadcast browser canvasHost channels cli
        commands commitments crestodian cron diagnostics discovery gateway hooks identity logging
        mcp media memory messages meta nodeHost proxy secrets session skills surfaces talk transcripts
        ui update web wizard worktrees
        """
    )

    agents: Agents = Agents.model_construct()
    models: Models = Models.model_construct()
    plugins: Plugins = Plugins.model_construct()
    tools: Tools = Tools.model_construct()
    tasks: Tasks = Tasks.model_construct()
    auth: Profiles = Profiles.model_construct()
    env: Env = Env.model_construct()

    def provider(self, id: str, *aliases: str) -> ProviderSettings:
        """The settings of one provider; empty when the file says nothing of it.

        What stands at its id wins over what stands at an alias, and `plugins.entries.<id>.config`
        wins over `models.providers.<id>`. Upper and lower case are the same.
        """
        found = _SAYS_NOTHING
        for blocks in self._by_name:
            for wanted in (*reversed(aliases), id):
                for block in blocks.get(wanted.casefold(), ()):
                    given = {field: getattr(block, field) for field in block.model_fields_set}
                    found = found.model_copy(update=given)
        return found

    @cached_property
    def _by_name(self) -> tuple[Mapping[str, Sequence[ProviderSettings]], ...]:
        """The general blocks of providers and their own, by name; asked often for each call."""
        own = {name: entry.config for name, entry in self.plugins.entries.items()}
        found: list[Mapping[str, Sequence[ProviderSettings]]] = []
        for blocks in (self.models.providers, own):
            named: defaultdict[str, list[ProviderSettings]] = defaultdict(list)
            for name, block in blocks.items():
                named[name.strip().casefold()].append(block)
            found.append(named)
        return tuple(found)

    @property
    def media_max_bytes(self) -> int | None:
        """`mediaMaxMb` in bytes; None when it is absent or no finite number that gives a byte."""
        megabytes = self.agents.defaults.media_max_mb
        if megabytes is None or not isfinite(megabytes) or megabytes <= 0:
            return None
        return int(megabytes * _MIB) or None
