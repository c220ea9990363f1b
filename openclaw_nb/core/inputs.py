"""Read what a caller typed into a `Request`: spellings, lists, numbers, roles.

The same rules serve the Python functions and the tool contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import zip_longest
from numbers import Real
from typing import NoReturn, cast

from openclaw_nb.core.domain import Medium, Reference, Request
from openclaw_nb.core.parameters import (
    ACTIONS,
    MAX_AUDIOS,
    MAX_COUNT,
    MAX_EDITED_IMAGES,
    MAX_IMAGES,
    MAX_MUSIC_IMAGES,
    MAX_VIDEOS,
    VENDORS,
    Action,
    parameters_of,
)
from openclaw_nb.errors import InvalidInput, shown

_PLAIN = re.compile(r"\A[0-9]+[pk]\Z", re.IGNORECASE | re.ASCII)
_NUMERIC = re.compile(r"[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_MAX_WHOLE = 2**53 - 1
"""Beyond it JSON numbers are no longer exact."""


def read_action(params: Mapping[str, object]) -> Action:
    """What the call is about; `generate` when it does not say.

    Raises:
        InvalidInput: the action is none of generate, status, list.
    """
    given = _Given(params, strict_keys=False)
    text = given.text("action") or "generate"
    action = _ACTIONS.get(text.lower())
    if action is None:
        given.refuse("action", f"must be one of {', '.join(ACTIONS)}, not {shown(text)}")
    return action


def read_request(
    params: Mapping[str, object], *, strict_keys: bool, medium: Medium = Medium.VIDEO
) -> Request:
    """Read parameters in camelCase or snake_case; camelCase wins when both are given.

    Args:
        params: What the caller gave, by name.
        strict_keys: For Python's keywords. Unknown names are refused, and references may be any
            object; without it unknown names are passed by and references that are JSON values
            other than strings are dropped, as the tool contract says.
        medium: Whose tool's parameters they are.

    Raises:
        InvalidInput: a parameter is wrong, or there are too many references. Nothing was sent.
    """
    given = _Given(params, strict_keys=strict_keys, medium=medium)
    given.refuse_unknown()
    prompt = given.text("prompt")
    if prompt is None:
        given.refuse("prompt", f"a text is required that says what the {medium} {_DOES[medium]}")
    match medium:
        case Medium.VIDEO:
            return _video(given, prompt)
        case Medium.IMAGE:
            return _image(given, prompt)
        case Medium.MUSIC:
            return _music(given, prompt)


_DOES = {Medium.VIDEO: "shows", Medium.IMAGE: "shows", Medium.MUSIC: "is like"}


def _video(given: _Given, prompt: str) -> Request:
    resolution = given.text("resolution")
    return Request(
        prompt=prompt,
        size=given.text("size"),
        aspect_ratio=given.text("aspectRatio"),
        resolution=_PLAIN.sub(lambda plain: plain[0].upper(), resolution or "") or None,
        duration_seconds=given.whole("durationSeconds", "a positive integer"),
        audio=given.boolean("audio"),
        watermark=given.boolean("watermark"),
        model=given.text("model"),
        filename=given.text("filename"),
        timeout_ms=given.milliseconds("timeoutMs"),
        provider_options=given.mapping("providerOptions"),
        images=given.references("image", "images", "imageRoles", MAX_IMAGES),
        videos=given.references("video", "videos", "videoRoles", MAX_VIDEOS),
        audios=given.references("audioRef", "audioRefs", "audioRoles", MAX_AUDIOS),
    )


def _image(given: _Given, prompt: str) -> Request:
    return Request(
        prompt=prompt,
        medium=Medium.IMAGE,
        size=given.text("size"),
        aspect_ratio=given.text("aspectRatio"),
        resolution=given.choice("resolution"),
        quality=given.choice("quality"),
        output_format=given.choice("outputFormat"),
        background=given.choice("background"),
        count=given.count("count"),
        model=given.text("model"),
        filename=given.text("filename"),
        timeout_ms=given.milliseconds("timeoutMs"),
        provider_options=given.mapping("providerOptions"),
        vendor_options=given.vendor_options(),
        images=given.references("image", "images", None, MAX_EDITED_IMAGES),
    )


def _music(given: _Given, prompt: str) -> Request:
    return Request(
        prompt=prompt,
        medium=Medium.MUSIC,
        lyrics=given.text("lyrics"),
        instrumental=given.boolean("instrumental"),
        duration_seconds=given.whole("durationSeconds", "a positive integer"),
        format=given.choice("format"),
        model=given.text("model"),
        filename=given.text("filename"),
        timeout_ms=given.milliseconds("timeoutMs"),
        provider_options=given.mapping("providerOptions"),
        images=given.references("image", "images", None, MAX_MUSIC_IMAGES),
    )


_VENDOR_CHOICES = {
    "background": ("transparent", "opaque", "auto"),
    "moderation": ("low", "auto"),
    "creativity": ("raw", "low", "medium", "high"),
}
_MAX_COMPRESSION = 100
_ACTIONS: dict[str, Action] = {action: action for action in ACTIONS}
_SNAKE = {
    medium: {parameter.name: parameter.snake for parameter in parameters_of(medium)}
    for medium in Medium
}
_CHOICES = {
    parameter.name: parameter.choices for medium in Medium for parameter in parameters_of(medium)
}
# What JSON has besides strings: in a list of references it counts as nothing there.
_NO_REFERENCE = (bool, int, float, list, tuple, Mapping)


@dataclass(frozen=True, slots=True)
class _Given:
    """The caller's parameters; each is asked for by its camelCase name."""

    params: Mapping[str, object]
    strict_keys: bool
    medium: Medium = Medium.VIDEO

    def key(self, name: str) -> str:
        """The spelling that the caller used, or would have."""
        if name in self.params:
            return name
        snake = _SNAKE[self.medium][name]
        return snake if self.strict_keys or snake in self.params else name

    def value(self, name: str) -> object:
        return self.params.get(self.key(name))

    def refuse(self, name: str, message: str) -> NoReturn:
        raise InvalidInput(self.key(name), f"{message}. Nothing was sent.")

    def refuse_unknown(self) -> None:
        spelled = _SNAKE[self.medium]
        known = {*spelled, *spelled.values()}
        unknown = next((key for key in self.params if key not in known), None)
        if self.strict_keys and unknown is not None:
            names = sorted(spelled.values())
            near = get_close_matches(unknown[:_LONGEST], names, n=3) or names
            message = f"is not a parameter; known are {', '.join(near)}. Nothing was sent."
            raise InvalidInput(unknown[:_LONGEST], message)

    def text(self, name: str) -> str | None:
        value = self.value(name)
        if not isinstance(value, str):
            return None
        if not is_text(value):
            self.refuse(name, f"{shown(value)} holds half a character (a lone surrogate)")
        return value.strip() or None

    def boolean(self, name: str) -> bool | None:
        value = self.value(name)
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.strip().lower())
        return value if isinstance(value, bool) else None

    def choice(self, name: str) -> str | None:
        """One of a closed list, in any case."""
        text = self.text(name)
        return None if text is None else self._chosen(name, text, _CHOICES[name])

    def _chosen(self, name: str, value: object, choices: tuple[str, ...]) -> str:
        text = value.strip().lower() if isinstance(value, str) else ""
        found = next((each for each in choices if each.lower() == text), None)
        if found is None:
            self.refuse(name, f"must be one of {', '.join(choices)}, not {shown(value)}")
        return found

    def count(self, name: str) -> int | None:
        number = self.whole(name, f"a whole number from 1 to {MAX_COUNT}")
        if number is not None and number > MAX_COUNT:
            self.refuse(name, f"must be a whole number from 1 to {MAX_COUNT}, not {number}")
        return number

    def vendor_options(self) -> dict[str, dict[str, object]]:
        """The options of single vendors, those with known values checked."""
        found = {vendor: self.mapping(vendor) for vendor in VENDORS}
        for vendor, options in found.items():
            for name in options.keys() & _VENDOR_CHOICES.keys():
                options[name] = self._chosen(vendor, options[name], _VENDOR_CHOICES[name])
            self._check_compression(vendor, options.get("outputCompression"))
        return {vendor: options for vendor, options in found.items() if options}

    def _check_compression(self, vendor: str, value: object) -> None:
        if value is None:
            return
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not (whole and 0 <= cast("int", value) <= _MAX_COMPRESSION):
            what = f"outputCompression must be 0 to {_MAX_COMPRESSION}, not {shown(value)}"
            self.refuse(vendor, what)

    def whole(self, name: str, wanted: str) -> int | None:
        value = self.value(name)
        if value is None:
            return None
        number = _whole(value)
        if number is None:
            self.refuse(name, f"must be {wanted}, not {shown(value)}")
        return number

    def milliseconds(self, name: str) -> int | None:
        value = self.value(name)
        blank = isinstance(value, str) and not value.strip()
        return None if blank else self.whole(name, "a positive integer of milliseconds")

    def mapping(self, name: str) -> dict[str, object]:
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.refuse(name, f"must be an object keyed by option name, not {shown(value)}")
        options = cast("Mapping[object, object]", value)
        if odd := [key for key in options if not isinstance(key, str)]:
            self.refuse(name, f"must be keyed by option name, not by {shown(odd[0])}")
        return {str(key): option for key, option in options.items()}

    def references(
        self, one: str, many: str, roles: str | None, limit: int
    ) -> tuple[Reference, ...]:
        found = [*self._usable([self.value(one)]), *self._usable(_as_list(self.value(many)))]
        if len(found) > limit:
            self.refuse(
                many,
                f"{len(found)} reference {_KINDS[one]} given, at most {limit} are allowed",
            )
        assigned = self._roles(roles, len(found)) if roles else ()
        return tuple(
            Reference(given=given, role=role or None)
            for given, role in zip_longest(found, assigned)
        )

    def _usable(self, items: list[object]) -> Iterator[object]:
        for item in items:
            given = item.strip() if isinstance(item, str) else item
            if given is None or (isinstance(given, str) and not given):
                continue
            if self.strict_keys or not isinstance(given, _NO_REFERENCE):
                yield given

    def _roles(self, name: str, count: int) -> list[str]:
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.refuse(
                name,
                f"must be a list of strings parallel to the list of references, not {shown(value)}",
            )
        roles = [
            role.strip() if isinstance(role, str) else "" for role in _as_list(self.value(name))
        ]
        if len(roles) > count:
            self.refuse(
                name,
                f"{_counted(len(roles), 'role')} for {_counted(count, 'reference')}; a role "
                "beyond the last reference cannot be assigned to a position",
            )
        return roles


def is_text(value: str) -> bool:
    """Whether `value` can be sent and stored: halves of UTF-16 pairs cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_LONGEST = 100
_KINDS = {"image": "images", "video": "videos", "audioRef": "audios"}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _as_list(value: object) -> list[object]:
    return list(cast("list[object]", value)) if isinstance(value, list | tuple) else [value]


def _whole(value: object) -> int | None:
    """A positive whole number, or the text of one."""
    if isinstance(value, str) and _NUMERIC.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return int(number) if 1 <= number <= _MAX_WHOLE and number.is_integer() else None
