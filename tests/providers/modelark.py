"""Jobs, plans and answers of the ModelArk providers."""

from __future__ import annotations

import json

from openclaw_nb.core.domain import Blob, Job, Link, Media, Mode, Request
from openclaw_nb.core.plan import Plan, Skip, plan
from openclaw_nb.core.wire import Reply
from openclaw_nb.providers import _modelark

TICKET = _modelark.ModelArkTicket(id="cgt-20261101100000-ab1cd")
PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
MP4 = Blob(media_type="video/mp4", name="a.mp4", size=3, data=b"mp4")
STEPS = Link(url="https://media.example.org/steps.mp4")
BEAT = Link(url="https://media.example.org/beat.mp3")


def picture(role: str | None = None, name: str = "a.png") -> Link:
    return Link(url=f"https://media.example.org/{name}", role=role)


def pictures(*roles: str | None) -> tuple[Link, ...]:
    return tuple(picture(role, f"{at}.png") for at, role in enumerate(roles))


def job(model: str, **asked) -> Job:
    mode = Mode.IMAGE_TO_VIDEO if asked.get("images") else Mode.GENERATE
    mode = Mode.VIDEO_TO_VIDEO if asked.get("videos") else mode
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def planned(provider, model: str = "", media: Media | None = None, **asked) -> Plan | Skip:
    """What `provider` makes of a request."""
    request = Request(prompt="a heron", **asked)
    return plan(request, media or Media(), provider, model or provider.default_model.id)


def body(found: Plan) -> dict:
    """The body that a plan is sent as, without its model and text."""
    sent = dict(_modelark.build_submit(found.job).json)
    assert sent.pop("content")[0] == {"type": "text", "text": "a heron"}
    assert sent.pop("model") == found.ref.model
    return sent


def roles(found: Plan) -> list[str]:
    """The roles of what is sent beside the text."""
    return [item["role"] for item in _modelark.build_submit(found.job).json["content"][1:]]


def reply(said: object, status: int = 200, path: str = "", **headers: str) -> Reply:
    text = said if isinstance(said, str) else json.dumps(said)
    return Reply(
        status, {name.replace("_", "-"): v for name, v in headers.items()}, text.encode(), path
    )


def refusal(code: str, status: int = 400, message: str = "no. Request id: 0217", **more) -> Reply:
    error = {"code": code, "message": message, "param": "", "type": "BadRequest"}
    return reply({"error": error}, status, **more)
