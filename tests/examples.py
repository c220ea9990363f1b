"""A request for each mode that a provider declares, found from its rows: no test needs a table of its own."""

from __future__ import annotations

from openclaw_nb.core.domain import Blob, Link, Media, Mode, Request
from openclaw_nb.core.inputs import read_request
from openclaw_nb.core.plan import Plan, plan
from openclaw_nb.core.wire import AnyProvider

PROMPT = "a friendly lobster surfing at sunset"
IMAGE_URL = "https://example.com/heron.png"
VIDEO_URL = "https://example.com/heron.mp4"


def example(provider: AnyProvider, mode: Mode, picture: bytes, footage) -> dict:
    """Keywords of `generate_video`: the first model and carrier, bytes before addresses, that fit."""
    for row in provider.models:
        for given in _references(mode, picture, footage):
            words = {"prompt": PROMPT, "model": f"{provider.id}/{row.id}", **given}
            if isinstance(plan(_request(words), _media(words), provider, row.id), Plan):
                return words
    raise AssertionError(f"{provider.id} declares {mode} and takes no request of it")


def _references(mode: Mode, picture: bytes, footage) -> list[dict]:
    match mode:
        case Mode.GENERATE:
            return [{}]
        case Mode.IMAGE_TO_VIDEO:
            return [{"image": each, "size": "1280x720"} for each in (picture, IMAGE_URL)]
        case Mode.VIDEO_TO_VIDEO:
            return [{"video": each} for each in (footage, VIDEO_URL)]


def _request(words: dict) -> Request:
    return read_request(words, strict_keys=True)


def _media(words: dict) -> Media:
    def asset(given, media_type, name):
        if isinstance(given, str) and "://" in given:
            return Link(url=given)
        return Blob(media_type=media_type, name=name, size=1000, data=b"x" * 1000)

    images = (asset(words["image"], "image/png", "a.png"),) if "image" in words else ()
    videos = (asset(words["video"], "video/mp4", "a.mp4"),) if "video" in words else ()
    return Media(images=images, videos=videos)
