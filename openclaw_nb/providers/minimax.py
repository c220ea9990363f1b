"""MiniMax Hailuo: submit, query, then ask where the file is. It says no with HTTP 200.

Two ids on one wire: `minimax` takes an API key, its twin `minimax-portal` the token of a sign-in.

Sources: MiniMax platform docs, pages "Text to Video", "Image to Video", "First and Last Frame to
Video", "Query Video Generation Task", "Video Download", "Error Codes"
(https://platform.minimax.io/docs, read 2026-11-21).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from urllib.parse import quote, urlsplit

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Change, Ignored, Job, Mode, Why
from openclaw_nb.core.refusals import classify, refusal
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fetch,
    Fitted,
    Hosted,
    Key,
    Malformed,
    Provider,
    Refused,
    Reply,
    Skip,
    Step,
    Ticket,
    Wait,
    Wire,
    data_uri,
    new_to_us,
)

_CHECKED = date(2026, 11, 21)
_BASE_URL = "https://api.minimax.io"

_HAILUO_23 = "MiniMax-Hailuo-2.3"
_HAILUO_23_FAST = "MiniMax-Hailuo-2.3-Fast"
_HAILUO_02 = "MiniMax-Hailuo-02"
_HAILUO = (_HAILUO_23, _HAILUO_23_FAST, _HAILUO_02)
_IMAGE_01 = ("I2V-01-Director", "I2V-01-live", "I2V-01")
_TEXT_01 = ("T2V-01-Director", "T2V-01")
_SUBJECT_01 = "S2V-01"

_LONG = 10
_01 = (*_IMAGE_01, *_TEXT_01, _SUBJECT_01)
_SECONDS = {**dict.fromkeys(_HAILUO, (6.0, _LONG)), **dict.fromkeys(_01, (6.0,))}
_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=_LONG,
    supported_duration_seconds_by_model=_SECONDS,
    supports_size=False,
    supports_aspect_ratio=False,
    supports_resolution=True,
    resolutions=("768P", "1080P"),
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(
        _STYLE,
        enabled=True,
        max_input_images=1,
        # First and last frame; no other model has the last one.
        max_input_images_by_model={_HAILUO_02: 2},
    ),
    video_to_video=ModeCaps(enabled=False),
)
_720P = ModeCaps(resolutions=("720P",))
# 512P exists on this model alone, and only with an image.
_02_IMAGE = ModeCaps(resolutions=("512P", "768P", "1080P"))


def _price(usd: float, note: str) -> Price:
    return Price(usd=usd, per="video", read_on=date(2026, 10, 8), note=note)


def _older(id: str, mode: Mode) -> Model:
    """One length, one resolution, one mode."""
    caps = Caps(generate=_720P, image_to_video=_720P)
    return Model(id=id, modes=(mode,), caps=caps, checked_on=_CHECKED)


MODELS = (
    Model(
        id=_HAILUO_23,
        checked_on=_CHECKED,
        price=_price(0.28, "768P, 6 s; about 0.50 at 1080P and 0.52 to 0.56 for 10 s"),
    ),
    Model(
        id=_HAILUO_23_FAST,
        modes=(Mode.IMAGE_TO_VIDEO,),
        checked_on=_CHECKED,
        price=_price(0.19, "768P, 6 s"),
    ),
    Model(
        id=_HAILUO_02,
        caps=Caps(image_to_video=_02_IMAGE),
        checked_on=_CHECKED,
        price=_price(0.10, "512P, 6 s"),
    ),
    *(_older(id, Mode.IMAGE_TO_VIDEO) for id in _IMAGE_01),
    # Not in the original product's list, but the service has them.
    *(_older(id, Mode.GENERATE) for id in _TEXT_01),
    _older(_SUBJECT_01, Mode.IMAGE_TO_VIDEO),
)

_OPTIONS = {
    "prompt_optimizer": None,
    "fast_pretreatment": _HAILUO,
}
"""Options that are booleans on the wire, and the models that have them; None: all."""


class MiniMaxTicket(Ticket):
    """The task's id."""

    task_id: str


class _Verdict(Wire):
    status_code: int = 0
    status_msg: str | None = None


class _Answer(Wire):
    base_resp: _Verdict | None = None


class _Submitted(_Answer):
    task_id: str | int | None = None


class _Query(_Answer):
    status: str | None = None
    file_id: str | int | None = None
    video_url: str | None = None


class _File(Wire):
    download_url: str | None = None
    filename: str | None = None


class _Retrieved(_Answer):
    file: _File | None = None


def fit(job: Job) -> Fitted | Skip:
    """Pairs that the service refuses, frame roles, and the two options that it has."""
    lasts = sum(image.role == "last_frame" for image in job.images)
    if reason := _unfit(job, lasts):
        return Skip(reason)
    refused = _refused_options(job)
    kept = {name: value for name, value in job.provider_options.items() if name not in refused}
    ignored = tuple(
        Ignored(setting=f"provider_options.{name}", value=job.provider_options[name], why=why)
        for name, why in refused.items()
    )
    changes: tuple[Change, ...] = ()
    if why := _too_fine(job, lasts):
        changes = (Change(setting="resolution", requested=job.resolution, applied="768P", why=why),)
        job = replace(job, resolution="768P")
    return Fitted(replace(job, provider_options=kept), changes, ignored, _notes(job))


def _notes(job: Job) -> tuple[str, ...]:
    if job.model == _SUBJECT_01:
        return ("the image shows who is to appear; it is no frame of the video",)
    asked = any(image.role == "reference_image" for image in job.images)
    return ("the reference_image is sent as the first frame",) if asked else ()


def _too_fine(job: Job, lasts: int) -> str:
    """Why the resolution must give way: the service answers 2013 to these pairs."""
    if job.duration_seconds == _LONG and job.resolution == "1080P":
        return f"{_LONG} s are made at 768P only"
    if lasts and job.resolution == "512P":
        return "512P is not made with a last frame"
    return ""


def _unfit(job: Job, lasts: int) -> str | None:
    if lasts and job.model != _HAILUO_02:
        return f"has no last frame; {_HAILUO_02} has"
    # The service wants the last one and can do without the first; the vendor's own client cannot.
    if lasts and lasts == len(job.images):
        return "takes a last_frame only together with a first_frame"
    if job.model == _SUBJECT_01 and any(image.role == "first_frame" for image in job.images):
        return f"has no first frame, its image shows who is to appear; {_HAILUO_23} has"
    if len(job.images) > 1 + lasts or lasts > 1:
        return "takes two images only as one first_frame and one last_frame"
    return None


def _refused_options(job: Job) -> dict[str, str]:
    refused: dict[str, str] = {}
    for name, value in job.provider_options.items():
        if name not in _OPTIONS:
            refused[name] = f"MiniMax takes only {' and '.join(_OPTIONS)}"
        elif (models := _OPTIONS[name]) and job.model not in models:
            refused[name] = "the model has no such option"
        elif not isinstance(value, bool):
            refused[name] = "must be true or false"
    return refused


def build_submit(job: Job) -> Call:
    """A whole number of seconds, an upper-case resolution; frames by role."""
    body: dict[str, object] = {"model": job.model, "prompt": job.prompt, **_pictures(job)}
    if job.duration_seconds is not None:
        body["duration"] = job.duration_seconds
    if job.resolution is not None:
        body["resolution"] = job.resolution.upper()
    return Call("POST", "/v1/video_generation", json={**job.provider_options, **body})


def _pictures(job: Job) -> dict[str, object]:
    if job.model == _SUBJECT_01:
        shown = [data_uri(image) for image in job.images]
        return {"subject_reference": [{"type": "character", "image": shown}]}
    names = {"last_frame": "last_frame_image"}
    return {names.get(i.role or "", "first_frame_image"): data_uri(i) for i in job.images}


def parse_submit(reply: Reply) -> Step[MiniMaxTicket]:
    """The task's id, unless the 200 hides a refusal."""
    sent = reply.read(_Submitted)
    if refused := _refused(sent, reply):
        return refused
    if not sent.task_id:
        raise Malformed(f"no task_id; the answer began {reply.start()!r}")
    return Wait(MiniMaxTicket(task_id=str(sent.task_id)), "queued")


def build_status(ticket: MiniMaxTicket) -> Call:
    """Ask for the task; the vendor recommends every 10 seconds."""
    return Call("GET", f"/v1/query/video_generation?task_id={quote(ticket.task_id, safe='')}")


def parse_status(ticket: MiniMaxTicket, reply: Reply) -> Step[MiniMaxTicket]:
    """`Fail` is the documented word, `Failed` and `Unknown` are in the vendor's own client."""
    query = reply.read(_Query)
    word = (query.status or "").strip().lower()
    if word in ("fail", "failed"):
        return _refused(query, reply) or Refused(
            # With `Fail` the message may still read "success".
            Why.UNKNOWN,
            "the task failed; MiniMax gave no reason",
            request_id=_trace(reply),
        )
    if step := _wait_or_refuse(ticket, query, reply):
        return step
    match word:
        case "preparing" | "queueing":
            return Wait(ticket, "queued")
        case "processing" | "unknown":
            return Wait(ticket)
        case "success":
            return _result(ticket, query, reply)
        case _:
            return new_to_us(ticket, query.status or "")


def _wait_or_refuse(
    ticket: MiniMaxTicket, answer: _Answer, reply: Reply
) -> Wait[MiniMaxTicket] | Refused | None:
    refused = _refused(answer, reply)
    if refused and refused.why in _PASSING and refused.code != _PLAN_EXHAUSTED:
        # This answer failed, not the paid task: as with HTTP 429 or 500, ask again.
        return Wait(ticket, note=f"MiniMax: {refused.said} ({refused.code})")
    return refused


def _result(ticket: MiniMaxTicket, query: _Query, reply: Reply) -> Step[MiniMaxTicket]:
    about: dict[str, object] = {"taskId": ticket.task_id, "status": query.status}
    if query.video_url:
        return Done((Hosted(_secure(query.video_url)),), about)
    if not query.file_id:
        raise Malformed(f"neither file_id nor video_url; the answer began {reply.start()!r}")
    about["fileId"] = str(query.file_id)
    path = f"/v1/files/retrieve?file_id={quote(str(query.file_id), safe='')}"
    return Fetch(Call("GET", path), partial(_read_file, ticket, about))


def _read_file(
    ticket: MiniMaxTicket, about: dict[str, object], reply: Reply
) -> Wait[MiniMaxTicket] | Done | Refused:
    answer = reply.read(_Retrieved)
    if step := _wait_or_refuse(ticket, answer, reply):
        return step
    if not answer.file or not answer.file.download_url:
        raise Malformed(f"no download_url; the answer began {reply.start()!r}")
    # Good for an hour, and for anyone: no key goes with it.
    return Done((Hosted(_secure(answer.file.download_url), name=answer.file.filename),), about)


def _secure(link: str) -> str:
    """Some links are issued with http; the vendor's own client rewrites them too."""
    url = urlsplit(link)
    # A port of its own speaks what it was given for.
    if url.scheme == "http" and url.port in (None, 80) and not _loopback(url.hostname):
        return url._replace(scheme="https", netloc=url.hostname or "").geturl()
    return link


def _loopback(host: str | None) -> bool:
    return host is not None and (host in ("localhost", "::1") or host.startswith("127."))


_WHY = {
    1000: Why.SERVER_ERROR,
    1001: Why.SERVER_ERROR,
    1002: Why.RATE_LIMIT,
    1004: Why.AUTH,
    1008: Why.BILLING,
    1013: Why.SERVER_ERROR,
    1026: Why.CONTENT_POLICY,
    1027: Why.CONTENT_POLICY,
    1039: Why.RATE_LIMIT,
    2013: Why.FORMAT,
    2038: Why.AUTH,
    2049: Why.AUTH,
    2056: Why.RATE_LIMIT,
}
_PASSING = (Why.SERVER_ERROR, Why.RATE_LIMIT)
_PLAN_EXHAUSTED = "2056"
_REGION = (
    "MiniMax keys and tokens are bound to their region: one from China works at "
    "https://api.minimaxi.com, any other at https://api.minimax.io; baseUrl under "
    "models.providers.minimax (or minimax-portal) sets it. A token of a sign-in also runs out"
)
_ADVICE = {
    1004: _REGION,
    2049: _REGION,
    2056: "a coding plan's key may have no video left: set MINIMAX_API_KEY to a pay-as-you-go key",
}


def _refused(answer: _Answer, reply: Reply) -> Refused | None:
    verdict = answer.base_resp
    if verdict is None or verdict.status_code == 0:
        return None
    code, text = verdict.status_code, verdict.status_msg or "no reason given"
    return Refused(
        _WHY.get(code) or classify(None, text),
        text,
        str(code),
        request_id=_trace(reply),
        advice=_ADVICE.get(code, ""),
    )


def _trace(reply: Reply) -> str:
    return reply.headers.get("trace-id", "")


def parse_error(reply: Reply) -> Refused:
    """An HTTP error has either the code of a 200 refusal, or an `error` with a message."""
    try:
        refused = _refused(reply.read(_Answer), reply)
    except Malformed:
        refused = None
    return replace(refused, status=reply.status) if refused else refusal(reply)


def read_base_url(configured: str) -> str:
    """The origin alone: one base URL serves chat too, and then ends in `/anthropic` or `/v1`."""
    try:
        url = urlsplit(configured.strip())
    except ValueError:
        return _BASE_URL
    if not url.hostname or url.scheme not in ("http", "https"):
        return _BASE_URL
    # A server on this machine may stand for several vendors, told apart by the path.
    path = url.path.rstrip("/") if _loopback(url.hostname) else ""
    return f"{url.scheme}://{url.netloc}{path}"


PROVIDER = Provider(
    id="minimax",
    label="MiniMax",
    # The name of its credentials in China; the host there is for the user to set.
    aliases=("minimax-cn",),
    base_url=_BASE_URL,
    # The plan's keys last: they may have no video quota, so they must not win over a paid key.
    key=Key(env=("MINIMAX_API_KEY", "MINIMAX_CODE_PLAN_KEY", "MINIMAX_CODING_API_KEY")),
    models=MODELS,
    caps=CAPS,
    ticket=MiniMaxTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    read_base_url=read_base_url,
    base_url_env="MINIMAX_API_HOST",
    poll_seconds=10,
    deadline_seconds=1200,
    http_seconds=120,
)
PORTAL = replace(
    PROVIDER,
    id="minimax-portal",
    aliases=("minimax-portal-cn",),
    # With an API key alone it is the same account as `minimax`, which is tried already.
    key=Key(env=("MINIMAX_OAUTH_TOKEN", "MINIMAX_API_KEY"), borrowed=("MINIMAX_API_KEY",)),
)
TWINS = (PORTAL,)
