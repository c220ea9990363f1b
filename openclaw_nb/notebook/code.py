"""A request as the Python call that makes it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openclaw_nb.core.domain import Reference, Request

_LINE = 88
_WORDS = 200
"""Longer strings are data URLs, which nobody wants in a cell."""
_STYLE = (
    "size",
    "aspect_ratio",
    "resolution",
    "duration_seconds",
    "audio",
    "watermark",
    "count",
    "quality",
    "output_format",
    "background",
    "lyrics",
    "instrumental",
    "format",
    "filename",
    "timeout_ms",
)
_NAMES = {
    "images": ("image", "images", "image_roles"),
    "videos": ("video", "videos", "video_roles"),
    "audios": ("audio_ref", "audio_refs", "audio_roles"),
}


@dataclass(frozen=True, slots=True)
class _Argument:
    text: str
    remark: str = ""


def as_code(request: Request, **more: object) -> str:
    """`oc.generate_video(...)` with what was asked; runs as it is unless a comment says otherwise.

    A reference that was given as bytes or as an array stands as a name, with a comment. `more` are
    keywords that are not part of a request, such as `exact_model`.
    """
    arguments = [_Argument(_quoted(request.prompt)), *_named(request)]
    arguments += [_Argument(f"{name}={value!r}") for name, value in more.items()]
    function = f"generate_{request.medium}"
    short = f"oc.{function}({', '.join(each.text for each in arguments)})"
    if len(short) <= _LINE and not any(each.remark for each in arguments):
        return short
    lines = (f"    {each.text},{each.remark}" for each in arguments)
    return "\n".join([f"oc.{function}(", *lines, ")"])


def _named(request: Request) -> list[_Argument]:
    found = [_Argument(f"model={_quoted(request.model)}")] if request.model else []
    for field in _NAMES:
        found += _references(field, getattr(request, field))
    for name in _STYLE:
        value = getattr(request, name)
        if value is not None:
            found.append(_Argument(f"{name}={_plain(value)}"))
    for vendor, options in request.vendor_options.items():
        found.append(_Argument(f"{vendor}={_options(options)!r}"))
    if request.provider_options:
        found.append(_Argument(f"provider_options={_options(request.provider_options)!r}"))
    return found


def _references(field: str, given: Sequence[Reference]) -> list[_Argument]:
    if not given:
        return []
    one, many, roles = _NAMES[field]
    shown = [_reference(each.given, one, number) for number, each in enumerate(given, start=1)]
    remarks = [each.remark for each in shown if each.remark]
    remark = remarks[0] if remarks else ""
    text = shown[0].text if len(shown) == 1 else f"[{', '.join(each.text for each in shown)}]"
    found = [_Argument(f"{one if len(shown) == 1 else many}={text}", remark)]
    if any(each.role for each in given):
        found.append(
            _Argument(f"{roles}=[{', '.join(_quoted(each.role or '') for each in given)}]")
        )
    return found


def _reference(given: object, name: str, number: int) -> _Argument:
    path: object = getattr(given, "path", given)  # an earlier result is its file
    if isinstance(path, Path):
        return _Argument(_quoted(str(path)))
    if isinstance(path, str) and len(path) <= _WORDS and not path.startswith(("data:", "sha256:")):
        return _Argument(_quoted(path))
    kind = "bytes" if isinstance(given, str | bytes) else type(given).__name__
    return _Argument(f"{name}_{number}", f"  # it was given as {kind}")


def _plain(value: object) -> str:
    """`5` and not `5.0`."""
    if isinstance(value, str):
        return _quoted(value)
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _options(options: Mapping[str, object]) -> dict[str, object]:
    return {name: "..." if _secret(name) else value for name, value in options.items()}


def _secret(name: str) -> bool:
    return re.search(r"key|token|secret|password", name, re.IGNORECASE) is not None
