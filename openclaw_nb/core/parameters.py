"""The parameters of the tools: names, types, limits, and the JSON Schemas made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from openclaw_nb.core.domain import SHORTEST_MUSIC_SECONDS, Medium

MAX_IMAGES = 9
"""Reference images in one request, whatever the model. Source: the product page."""
MAX_VIDEOS = 4
"""Reference videos in one request, whatever the model. Source: the product page."""
MAX_AUDIOS = 3
"""Reference audios in one request, whatever the model. Source: the product page."""

MAX_EDITED_IMAGES = 14
"""Reference images of one image request; what a model takes decides below it."""
MAX_MUSIC_IMAGES = 10
"""Reference images of one music request, whatever the model."""
MAX_COUNT = 4
"""Images that one request may ask for. Source: the product page."""

VENDORS = ("openai", "fal")
"""Whose models alone the parameters of these names are for."""

Action: TypeAlias = Literal["generate", "status", "list"]
ACTIONS: tuple[Action, ...] = ("generate", "status", "list")

JsonType: TypeAlias = Literal["string", "strings", "integer", "boolean", "object"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool, as the JSON Schema and the documentation tell it."""

    name: str
    """In camelCase, as the tool contract spells it."""
    type: JsonType
    description: str
    choices: tuple[str, ...] = ()
    """The only values, of a text."""
    most: int | None = None
    """The largest number, or the longest list."""

    @property
    def snake(self) -> str:
        """The name as Python spells it."""
        return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", self.name)


_ACTION = Parameter(
    "action",
    "string",
    "What to do: generate (default) starts a {noun}, status tells what is active, list shows "
    "the providers.",
    choices=ACTIONS,
)
_MODEL = Parameter(
    "model", "string", "provider/model, or a model id; without it the configuration decides."
)
_FILENAME = Parameter("filename", "string", "A hint for the name of the file.")
_TIMEOUT = Parameter(
    "timeoutMs",
    "integer",
    "Milliseconds that one provider may take for submission, polling and download together, "
    "at least 1.",
)
_OPTIONS = Parameter(
    "providerOptions",
    "object",
    "Further options by name, passed on to the provider; a model that does not take one of "
    "them is passed over.",
)
_SIZE = Parameter("size", "string", "Width x height in pixels, such as 1280x720.")
_IMAGE = Parameter("image", "string", "One reference image: a path, an http(s) URL or a data URL.")


def _action(noun: str) -> Parameter:
    return replace(_ACTION, description=_ACTION.description.format(noun=noun))


def _images(most: int) -> Parameter:
    about = f"Reference images; with image at most {most} in all."
    return Parameter("images", "strings", about, most=most)


PARAMETERS: tuple[Parameter, ...] = (
    _action("video"),
    Parameter("prompt", "string", "What the video shows. Required to generate."),
    _IMAGE,
    _images(MAX_IMAGES),
    Parameter(
        "imageRoles",
        "strings",
        "Roles of the reference images by position, image first: first_frame, last_frame, "
        "reference_image; an empty string for none. Not more than there are images.",
        most=MAX_IMAGES,
    ),
    Parameter("video", "string", "One reference video: a path or an http(s) URL."),
    Parameter(
        "videos",
        "strings",
        f"Reference videos; with video at most {MAX_VIDEOS} in all.",
        most=MAX_VIDEOS,
    ),
    Parameter(
        "videoRoles",
        "strings",
        "Roles of the reference videos by position, video first: reference_video; an empty "
        "string for none. Not more than there are videos.",
        most=MAX_VIDEOS,
    ),
    Parameter(
        "audioRef",
        "string",
        "One reference audio: a path or an http(s) URL. To ask for sound in the video use audio.",
    ),
    Parameter(
        "audioRefs",
        "strings",
        f"Reference audios; with audioRef at most {MAX_AUDIOS} in all.",
        most=MAX_AUDIOS,
    ),
    Parameter(
        "audioRoles",
        "strings",
        "Roles of the reference audios by position, audioRef first: reference_audio; an empty "
        "string for none. Not more than there are audios.",
        most=MAX_AUDIOS,
    ),
    _SIZE,
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
    _MODEL,
    _FILENAME,
    _TIMEOUT,
    _OPTIONS,
)
"""Of `video_generate`."""

IMAGE_PARAMETERS: tuple[Parameter, ...] = (
    _action("picture"),
    Parameter("prompt", "string", "What the image shows, or how it changes. Required to generate."),
    _IMAGE,
    _images(MAX_EDITED_IMAGES),
    replace(_SIZE, description="Width x height in pixels, such as 1024x1024."),
    Parameter("aspectRatio", "string", "Such as 1:1, 16:9, 9:16, or what the provider knows."),
    Parameter(
        "resolution",
        "string",
        "The longest side, about; without it that of the references decides.",
        choices=("1K", "2K", "4K"),
    ),
    Parameter(
        "quality",
        "string",
        "Where the model has it.",
        choices=("low", "medium", "high", "auto"),
    ),
    Parameter("outputFormat", "string", "Of the file.", choices=("png", "jpeg", "webp")),
    Parameter(
        "background",
        "string",
        "Where the model has it.",
        choices=("transparent", "opaque", "auto"),
    ),
    Parameter("count", "integer", f"Images to make, 1 to {MAX_COUNT}.", most=MAX_COUNT),
    _MODEL,
    _FILENAME,
    _TIMEOUT,
    _OPTIONS,
    Parameter(
        "openai",
        "object",
        "For OpenAI's models: background (transparent, opaque, auto), moderation (low, auto), "
        "outputCompression (0 to 100), user.",
    ),
    Parameter("fal", "object", "For fal's models: creativity (raw, low, medium, high)."),
)
"""Of `image_generate`."""

MUSIC_PARAMETERS: tuple[Parameter, ...] = (
    _action("track"),
    Parameter("prompt", "string", "What the music is like. Required to generate."),
    Parameter("lyrics", "string", "What is sung, where the model sings."),
    Parameter("instrumental", "boolean", "Whether nobody sings, where it can be switched."),
    _IMAGE,
    _images(MAX_MUSIC_IMAGES),
    Parameter("durationSeconds", "integer", "Length in whole seconds, at least 1."),
    Parameter("format", "string", "Of the file.", choices=("mp3", "wav")),
    _MODEL,
    _FILENAME,
    replace(
        _TIMEOUT,
        description=(
            f"{_TIMEOUT.description} Less than {SHORTEST_MUSIC_SECONDS * 1000:g} is raised to it."
        ),
    ),
    _OPTIONS,
)
"""Of `music_generate`."""


def parameters_of(medium: Medium) -> tuple[Parameter, ...]:
    """The parameters of the tool that makes `medium`."""
    match medium:
        case Medium.VIDEO:
            return PARAMETERS
        case Medium.IMAGE:
            return IMAGE_PARAMETERS
        case Medium.MUSIC:
            return MUSIC_PARAMETERS


def schema(medium: Medium = Medium.VIDEO) -> dict[str, object]:
    """A tool's parameters as JSON Schema, ready to be the `parameters` of a function call."""
    return {"type": "object", "properties": {p.name: _property(p) for p in parameters_of(medium)}}


def _property(parameter: Parameter) -> dict[str, object]:
    described: dict[str, object] = {"description": parameter.description}
    match parameter.type:
        case "strings":
            items = {"type": "string"}
            return {"type": "array", "items": items, "maxItems": parameter.most, **described}
        case "integer":
            most = {"maximum": parameter.most} if parameter.most else {}
            return {"type": "integer", "minimum": 1, **most, **described}
        case "string" if parameter.choices:
            return {"type": "string", "enum": list(parameter.choices), **described}
        case other:
            return {"type": other, **described}
