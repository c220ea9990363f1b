"""The parameters of `video_generate`: names, types, limits, and the JSON Schema made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

MAX_IMAGES = 9
"""Reference images in one request, whatever the model. Source: the product page."""
MAX_VIDEOS = 4
"""Reference videos in one request, whatever the model. Source: the product page."""
MAX_AUDIOS = 3
"""Reference audios in one request, whatever the model. Source: the product page."""

Action: TypeAlias = Literal["generate", "status", "list"]
ACTIONS: tuple[Action, ...] = ("generate", "status", "list")

JsonType: TypeAlias = Literal["string", "strings", "integer", "boolean", "object"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of `video_generate`, as the JSON Schema and the documentation tell it."""

    name: str
    """In camelCase, as the tool contract spells it."""
    type: JsonType
    description: str

    @property
    def snake(self) -> str:
        """The name as Python spells it."""
        return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", self.name)


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "action",
        "string",
        "What to do: generate (default) starts a video, status tells what is active, list shows "
        "the providers.",
    ),
    Parameter("prompt", "string", "What the video shows. Required to generate."),
    Parameter("image", "string", "One reference image: a path, an http(s) URL or a data URL."),
    Parameter("images", "strings", f"Reference images; with image at most {MAX_IMAGES} in all."),
    Parameter(
        "imageRoles",
        "strings",
        "Roles of the reference images by position, image first: first_frame, last_frame, "
        "reference_image; an empty string for none. Not more than there are images.",
    ),
    Parameter("video", "string", "One reference video: a path or an http(s) URL."),
    Parameter("videos", "strings", f"Reference videos; with video at most {MAX_VIDEOS} in all."),
    Parameter(
        "videoRoles",
        "strings",
        "Roles of the reference videos by position, video first: reference_video; an empty "
        "string for none. Not more than there are videos.",
    ),
    Parameter(
        "audioRef",
        "string",
        "One reference audio: a path or an http(s) URL. To ask for sound in the video use audio.",
    ),
    Parameter(
        "audioRefs", "strings", f"Reference audios; with audioRef at most {MAX_AUDIOS} in all."
    ),
    Parameter(
        "audioRoles",
        "strings",
        "Roles of the reference audios by position, audioRef first: reference_audio; an empty "
        "string for none. Not more than there are audios.",
    ),
    Parameter("size", "string", "Width x height in pixels, such as 1280x720."),
    Parameter(
        "aspectRatio", "string", "Such as 16:9 or 9:16, adaptive, or what the provider knows."
    ),
    Parameter("resolution", "string", "Such as 480P, 720P, 1080P, 4K, or what the provider knows."),
    Parameter(
        "durationSeconds",
        "integer",
        "Length in whole seconds, at least 1; the nearest length that the model makes is used.",
    ),
    Parameter("audio", "boolean", "Whether the model makes sound, where it can be switched."),
    Parameter("watermark", "boolean", "Whether the provider marks it, where it can be switched."),
    Parameter(
        "model", "string", "provider/model, or a model id; without it the configuration decides."
    ),
    Parameter("filename", "string", "A hint for the name of the file."),
    Parameter(
        "timeoutMs",
        "integer",
        "Milliseconds that one provider may take for submission, polling and download together, "
        "at least 1.",
    ),
    Parameter(
        "providerOptions",
        "object",
        "Further options by name, passed on to the provider; a model that does not take one of "
        "them is passed over.",
    ),
)


def schema() -> dict[str, object]:
    """The parameters as JSON Schema, ready to be the `parameters` of a function call."""
    return {"type": "object", "properties": {p.name: _property(p) for p in PARAMETERS}}


_MAX_ITEMS = {
    "images": MAX_IMAGES,
    "imageRoles": MAX_IMAGES,
    "videos": MAX_VIDEOS,
    "videoRoles": MAX_VIDEOS,
    "audioRefs": MAX_AUDIOS,
    "audioRoles": MAX_AUDIOS,
}


def _property(parameter: Parameter) -> dict[str, object]:
    described: dict[str, object] = {"description": parameter.description}
    match parameter.type:
        case "strings":
            limit = _MAX_ITEMS[parameter.name]
            return {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": limit,
                **described,
            }
        case "integer":
            return {"type": "integer", "minimum": 1, **described}
        case _ if parameter.name == "action":
            return {"type": "string", "enum": list(ACTIONS), **described}
        case other:
            return {"type": other, **described}
