"""A key is sent to its own provider, and is nowhere else: not on disk, in a log, or on a screen."""

from __future__ import annotations

import logging
import threading
import traceback

import pytest

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.notebook.player import result_bundle
from openclaw_nb.notebook.view import bundle
from openclaw_nb.providers import PROVIDERS
from tests.capture import listening
from tests.conftest import DRAFT, Hurry

IDS = [provider.id for provider in PROVIDERS]
MARK = "sk-MARKED"
KEYS = {id: f"{MARK}-{id}-0123456789" for id in IDS}
NEVER = Scenario(seconds=3600, render="draft")
LOGGERS = (
    "",
    "openclaw_nb",
    "httpx",
    "httpcore",
    "httpcore.http11",
    "httpcore.connection",
    "asyncio",
)


class Records(logging.Handler):
    """Every record as text, with its arguments and its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{self.format(record)} {record.args!r} {record.__dict__!r}")


@pytest.fixture
def records():
    handler = Records()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield handler
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def services():
    with listening() as found:
        yield found


@pytest.fixture
def client(services, home):
    """One key from the environment, the others from the configuration."""
    providers = {id: {"baseUrl": services.urls[id], "apiKey": KEYS[id]} for id in IDS}
    del providers["fal"]["apiKey"]
    settings = {"models": {"providers": providers}}
    client = Client(settings, home=home, environ={"FAL_KEY": KEYS["fal"]}, clock=Hurry())
    yield client
    client.close()


ENDINGS = {
    "success": DRAFT,
    "moved": Scenario(download="redirect", render="draft"),
    "refused": Scenario(submit_moderated=True),
    "unauthorised": Scenario(submit_status=401),
    "failed": Scenario(ends="failed", render="draft"),
    "lost": Scenario(drop_submit_reply=1, render="draft"),
    "silent": Scenario(hold_submit_reply=1, render="draft"),
    "broken": Scenario(download="html", render="draft"),
    "late": NEVER,
    "cancelled": NEVER,
}


def run(client: Client, id: str, ending: str) -> tuple[oc.Task, oc.Video | BaseException]:
    """A task of one provider alone, and how it ended."""
    limit = {"timeout_ms": 200} if ending in {"late", "silent"} else {}
    model = next(p.default_model.id for p in PROVIDERS if p.id == id)
    task = client.generate_video(
        f"a lobster, {ending}", model=f"{id}/{model}", exact_model=True, **limit
    )
    if ending == "cancelled":
        accepted = threading.Event()
        task.watch(lambda now: accepted.set() if now.job_id else None)
        assert task.snapshot.job_id or accepted.wait(8)
        task.cancel()
    try:
        return task, task.result(9)
    except oc.OpenclawError as error:
        return task, error


def shown(task: oc.Task, outcome: oc.Video | BaseException) -> str:
    """Everything that a user may see of a task."""
    found = [repr(task), repr(task.snapshot), repr(task.request), repr(dict(bundle(task)))]
    if isinstance(outcome, oc.Video):
        return " ".join([*found, repr(outcome), str(outcome), repr(result_bundle(outcome))])
    verbose = traceback.TracebackException.from_exception(outcome, capture_locals=True)
    return " ".join([*found, repr(outcome), repr(vars(outcome)), *verbose.format()])


@pytest.mark.parametrize("id", IDS)
def test_no_key_is_written_logged_or_shown_whatever_happens(id, client, services, home, records):
    for ending, scenario in ENDINGS.items():
        services.play(scenario)
        task, outcome = run(client, id, ending)
        assert isinstance(outcome, oc.Video) == (ending in {"success", "moved"}), outcome
        assert MARK not in shown(task, outcome), ending
        assert MARK not in repr(client.task(task.id).snapshot), ending
    assert MARK not in repr(client.tasks()) + repr(client)
    client.close()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {".sqlite", ".mp4", ".json"} <= {path.suffix for path in files}
    leaking = [path.name for path in files if MARK.encode() in path.read_bytes()]
    assert not leaking
    assert any("http" in text for text in records.texts), "nothing was logged at all"
    assert not [text for text in records.texts if MARK in text]


def test_a_key_is_sent_to_its_own_provider_only_and_never_with_a_download(client, services):
    services.play(ENDINGS["moved"])
    for id in IDS:
        run(client, id, "success")
    for wanted in services.asked:
        first = wanted.url.split("/")[3]
        said = repr(wanted)
        for id, key in KEYS.items():
            assert key not in said or first == id, f"the key of {id} went to {wanted.url}"
        assert not any(key in wanted.url for key in KEYS.values())
    assert any("/_hosted/" in wanted.url for wanted in services.asked)
    # A server of one's own gets none, though there is one.
    wanted = {provider.id for provider in PROVIDERS if not provider.keyless}
    assert {id for id in IDS if KEYS[id] in repr(services.asked)} == wanted


def test_a_fallback_carries_no_key_to_the_next_provider(client, services):
    services.play({"fal": Scenario(submit_status=401)})
    model = next(p.default_model.id for p in PROVIDERS if p.id == "fal")
    video = client.generate_video("a lobster", model=f"fal/{model}").result(9)
    assert video.provider != "fal"
    for wanted in services.asked:
        first = wanted.url.split("/")[3]
        assert not [id for id in IDS if KEYS[id] in repr(wanted) and id != first]


def test_a_missing_key_is_asked_for_by_name_without_showing_another(home):
    client = Client(home=home, environ={"FAL_KEY": KEYS["fal"]})
    with pytest.raises(oc.MissingKey) as caught:
        client.generate_video("x", model="minimax/MiniMax-Hailuo-2.3", exact_model=True).result(9)
    client.close()
    assert MARK not in "".join(traceback.format_exception(caught.value))
