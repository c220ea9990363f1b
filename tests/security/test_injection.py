"""What users, vendors and files say is text: it becomes no markup, no command and no line of its own."""

from __future__ import annotations

import importlib
import io
import json
import logging
import re
import time
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner

import openclaw_nb as oc
from openclaw_nb import listing, tables, tool
from openclaw_nb.cli import main
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Attempt, Change, Ignored, Mode, Ref, Request, TaskState, Why
from openclaw_nb.errors import ProviderRefused, one_line, plain
from openclaw_nb.forecast import Forecast, Verdict
from openclaw_nb.notebook import player
from openclaw_nb.notebook.render import (
    Picture,
    result_html,
    result_text,
    task_html,
    task_line,
    task_text,
)
from openclaw_nb.notebook.terminal import Bar
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import SavedFile
from openclaw_nb.runtime.rows import Row
from openclaw_nb.runtime.upkeep import Finding, Upkeep
from openclaw_nb.task import Snapshot
from tests.conftest import Hurry
from tests.toy import ID, a_video

WORDS = "plain: words"
MARKUP = {
    "a script": "<script>alert(1)</script>",
    "out of a text": "</div></td></table></style><script>alert(1)</script>: x",
    "out of an attribute": '"><img src=x onerror=alert(1)>: x',
    "out of a quoted attribute": "' onmouseover='alert(1)' x=': x",
    "an attribute": '" onclick="alert(1)" style="position:fixed: x',
    "a link": "<a href='javascript:alert(1)'>here</a>: x",
    "a comment": "<!--: x --><!DOCTYPE html><base href=//evil.example>",
    "entities": "&lt;script&gt;&#60;svg onload=alert(1)&#62;: x",
    "a broken tag": "<svg/onload=alert(1)//: x",
    "CDATA": "<![CDATA[<script>alert(1)</script>]]>: x",
    "NUL": "<scr\x00ipt>alert(1)</scr\x00ipt>: x",
}
COMMANDS = {
    "colours": "\x1b[31mred: x\x1b[0m",
    "clearing the screen": "\x1b[2J\x1b[1;1H: x",
    "a title": "\x1b]0;owned\x07: x",
    "a title, ended otherwise": "\x1b]2;owned\x1b\\: x",
    "a link": "\x1b]8;;http://evil.example\x07here\x1b]8;;\x07: x",
    "the clipboard": "\x1b]52;c;ZXZpbA==\x07: x",
    "a C1 command": "\x9b2J\x9d0;owned\x9c: x",
    "a device command": "\x1bP+q544e\x1b\\: x",
    "going back": "abc\b\b\b\rWARNING all is well: x",
    "lines": "x\nERROR openclaw_nb: forged\r\nINFO all is well: x",
    "other lines": "x\x0bforged\x0cforged\x85forged\u2028forged\u2029forged: x",
    "right to left": "\u202egpj.exe\u2066\u2069: x",
    "half a character": "\udc9b2J: x",
    "bells": "\x07" * 50 + ": x",
    "escape alone": "\x1b\t: x\x1b",
}
EVERY_MARKUP = pytest.mark.parametrize("evil", MARKUP.values(), ids=MARKUP)
EVERY_COMMAND = pytest.mark.parametrize("evil", COMMANDS.values(), ids=COMMANDS)


# everything that is shown, with a text in every place where one may stand


def attempts(text):
    tried = Attempt(ref=Ref(text, text), error=text, why=Why.CONTENT_POLICY, status=400, code=text)
    return (tried, replace(tried, why=Why.UNKNOWN))


def a_request(text):
    return Request(prompt=text, model=text, size=text, filename=text)


def a_result(text, path=None):
    return a_video(
        ref=Ref(text, text),
        request=a_request(text),
        files=(SavedFile(media_type="video/mp4", name=text, path=path, url=text, size_bytes=7),),
        changes=(
            Change(setting=text, requested=text, applied=text, why=text),
            Change(setting="size", requested=None, applied=text, supported=(text, text)),
        ),
        ignored=(Ignored(setting=text, value=text, why=text),),
        attempts=attempts(text),
        warnings=(text,),
        emulated=True,
    )


def snapshots(text):
    now = Snapshot(
        id=ID,
        request=a_request(text),
        state=TaskState.RUNNING,
        phase=text,
        ref=Ref(text, text),
        attempt=1,
        candidates=2,
        attempts=attempts(text),
        job_id=text,
        started_at=time.time() - 5,
        notices=(text,),
    )
    ended = replace(now, ended_at=time.time(), error=text)
    return [
        now,
        replace(now, ref=None),
        *(replace(ended, state=state) for state in TaskState if not state.active),
        replace(ended, state=TaskState.SUCCEEDED, error=None, result=a_result(text)),
    ]


def pictures(text):
    clip = Clip(width=16, height=9, seconds=1, fps=24, codec=text, sound=text)
    return [(Picture(clip=clip),), (Picture(src="a.mp4", link="a.mp4", poster=b"\xff", clip=clip),)]


def forecast(text):
    verdict = Verdict(
        ref=Ref(text, text),
        runs=False,
        reason=text,
        changes=(Change(setting=text, requested=text, applied=text),),
        ignored=(Ignored(setting=text, value=text),),
        notes=(text,),
    )
    return Forecast(Mode.GENERATE, (verdict, replace(verdict, runs=True)), (text,))


def a_row(text, **more):
    facts = {
        "id": ID, "run_id": text, "session": text, "prompt": text, "request": json.dumps({"x": 1}),
        "request_key": text, "source": text, "phase": text, "provider": text, "model": text,
        "attempts": "[]", "files": "[]", "error": text, "summary": text, "resumes": text,
        "created_at": 1, "last_event_at": 1, "job_id": text,
    }  # fmt: skip
    return Row(**facts | more)


def rows(text):
    return [
        a_row(text),
        a_row(text, summary=None, error=None),
        a_row(text, summary=None, status="failed"),
    ]


def html_views(text):
    yield from (task_html(now, shown) for now in snapshots(text) for shown in pictures(text))
    yield from (result_html(a_result(text), shown) for shown in pictures(text))
    yield tables.Table((text, text), ((text, text),), caption=text)._repr_html_()
    yield tables.of_rows(rows(text))._repr_html_()
    yield forecast(text)._repr_html_()


def text_views(text):
    for now in snapshots(text):
        yield from (task_text(now, shown) for shown in pictures(text))
        yield task_line(now)
    yield from (result_text(a_result(text), shown) for shown in pictures(text))
    yield str(a_result(text))
    yield repr(tables.Table((text, text), ((text, text),), caption=text))
    yield repr(tables.of_rows(rows(text)))
    yield repr(forecast(text))
    yield tool.text_of(a_result(text))
    yield listing.list_text(rows(text), {"status": text}, counts={})
    yield from map(listing.show_text, rows(text))
    finding = Finding(severity="warn", code=text, row=a_row(text), age_ms=5, detail=text)
    yield listing.audit_text([finding], 1)
    yield listing.maintenance_text(Upkeep(lost=[a_row(text)], expired=[]), applied=True)
    yield str(oc.OpenclawError(text))
    yield str(ProviderRefused(Ref(text, text), text, why=Why.UNKNOWN, code=text))
    yield str(oc.InvalidInput(text, text))
    yield str(oc.ConfigError(text, text))


# HTML


class Outline(HTMLParser):
    """The elements with the names of their attributes, and where they lead."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.addresses, self.others = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.addresses += [
            v for n, v in attrs if n in {"href", "src", "poster", "action", "srcset"}
        ]

    def handle_endtag(self, tag):
        self.elements.append((f"/{tag}",))

    def handle_comment(self, data):
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@EVERY_MARKUP
def test_no_element_and_no_attribute_comes_from_a_text(evil):
    for html, harmless in zip(html_views(evil), html_views(WORDS), strict=True):
        seen = Outline(html)
        assert seen.elements == Outline(harmless).elements
        assert seen.others == []


@EVERY_MARKUP
def test_no_view_leads_anywhere_but_to_its_own_files(evil):
    for html in html_views(evil):
        for address in Outline(html).addresses:
            assert address == "a.mp4" or address.startswith("data:image/jpeg;base64,")


def test_no_view_has_a_script_a_handler_or_a_form():
    for html in html_views(WORDS):
        for tag, *attributes in Outline(html).elements:
            assert tag.lstrip("/") not in {"script", "iframe", "object", "embed", "form", "link"}
            assert not [name for name in attributes if name.startswith("on")]


FILES = [
    "javascript:alert(1).mp4",
    "data:text,x.mp4",
    '"><script>.mp4',
    "a?b#c.mp4",
    "été 100%.mp4",
]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_any_name_is_linked_to_as_a_file(name):
    link = player.address(player.home() / name)
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert unquote(parts.path) == name
    assert not set(link) & set("\"'<>:")


def test_a_file_elsewhere_is_not_linked_to(tmp_path):
    assert player.address(tmp_path / "a.mp4") is None


# terminals


def is_harmless(text: str) -> bool:
    """Whether a terminal does nothing with it but show it, line by line."""
    return not re.search(
        r"[^\n\t -~\xa0-\ud7ff\ue000-\U0010ffff]|[\u2028-\u202e\u2066-\u2069]", text
    )


@EVERY_COMMAND
def test_no_text_commands_a_terminal(evil):
    for text in text_views(evil):
        assert is_harmless(text), ascii(text)


@EVERY_COMMAND
def test_no_text_makes_a_line_of_its_own_in_a_table_or_a_bar(evil):
    line, harmless = (task_line(snapshots(text)[0]) for text in (evil, WORDS))
    assert "\n" not in line
    for view in (lambda text: repr(tables.of_rows(rows(text))), lambda text: repr(forecast(text))):
        assert view(evil).count("\n") == view(WORDS).count("\n")
    for row, other in zip(rows(evil), rows(WORDS), strict=True):
        assert listing.show_text(row).count("\n") == listing.show_text(other).count("\n")
    assert "plain: words" in harmless


class Terminal(io.StringIO):
    def isatty(self):
        return True


@EVERY_COMMAND
def test_the_bar_sends_its_own_commands_and_no_others(evil):
    for stream in (Terminal(), io.StringIO()):
        bar = Bar(stream)
        for now in snapshots(evil):
            bar.draw(now)
        own = stream.getvalue().replace("\r", "").replace("\x1b[K", "")
        assert is_harmless(own), ascii(own)


@EVERY_COMMAND
def test_plain_text_keeps_its_words(evil):
    assert plain("été 名前 🦞\n\tx ’“”\u00a0") == "été 名前 🦞\n\tx ’“”\u00a0"
    assert plain(evil).endswith((": x", "\n: x"))
    assert one_line(evil).endswith(": x")
    assert one_line(one_line(evil)) == one_line(evil)


# a vendor's sentence on its whole way


@EVERY_COMMAND
def test_a_vendors_sentence_reaches_log_terminal_and_ledger_as_text(server, home, records, evil):
    server.otherwise = None
    said = json.dumps({"detail": f"no: {evil}", "error_type": evil})
    settings = {"models": {"providers": {"fal": {"baseUrl": server.url, "apiKey": "k" * 20}}}}
    server.answer("/fal-ai/minimax/video-01-live", said.encode(), 422, {"x-fal-request-id": "r"})
    with closing(Client(settings, home=home, environ={}, clock=Hurry())) as client:
        model = "fal/fal-ai/minimax/video-01-live"
        task = client.generate_video("a heron", model=model, exact_model=True)
        with pytest.raises(oc.ProviderRefused) as refused:
            task.result(20)
        row = client.ledger and client.tasks()[0]
    error = refused.value
    shown = [str(error), error.said, error.code or "", task.snapshot.error, row.error]
    shown += [text for tried in error.attempts for text in (tried.error, tried.code or "")]
    assert all(map(is_harmless, shown)), ascii(shown)
    ours = [line for line in records.lines if "fal-ai" in line]
    assert ours
    assert all(is_harmless(line) and "\n" not in line for line in ours), ours


def test_a_sentence_without_end_is_cut(server, home):
    server.otherwise = None
    server.answer(
        "/fal-ai/minimax/video-01-live", json.dumps({"detail": "no " * 300_000}).encode(), 422
    )
    settings = {"models": {"providers": {"fal": {"baseUrl": server.url, "apiKey": "k" * 20}}}}
    with closing(Client(settings, home=home, environ={}, clock=Hurry())) as client:
        model = "fal/fal-ai/minimax/video-01-live"
        task = client.generate_video("a heron", model=model, exact_model=True)
        with pytest.raises(oc.ProviderRefused) as refused:
            task.result(20)
        assert len(client.tasks()[0].error) < 5_000
    assert len(str(refused.value)) < 5_000
    assert len(refused.value.said) < 5_000


@EVERY_COMMAND
def test_the_command_line_shows_errors_and_tasks_as_text(evil, home, environ, make_client):
    environ["OPENCLAW_STATE_DIR"] = str(home)
    sendable = evil.encode("utf-8", "replace").decode()
    make_client("fal").generate_video(f"a heron {sendable}", filename=sendable).result(20)
    for arguments in (["tasks", "list"], ["tasks", "show", sendable * 3], ["tasks", "audit"]):
        ran = CliRunner().invoke(main, arguments, color=True)
        assert is_harmless(ran.output), ascii(ran.output)


@pytest.mark.parametrize("opening", ["\x9d", "\x1b]", "\x90", "\x1bP"])
def test_a_command_that_never_ends_takes_no_text_with_it(opening):
    shown = plain(f"before {opening}after")
    assert is_harmless(shown)
    assert shown.startswith("before ")
    assert shown.endswith("after")


def test_there_is_one_log_so_that_nothing_passes_by_what_cleans_it():
    for name in ("openclaw_nb.api", "openclaw_nb.tool", "openclaw_nb.notebook.view"):
        importlib.import_module(name)
    named = logging.getLogger().manager.loggerDict
    assert [name for name in named if name.startswith("openclaw_nb.")] == []
