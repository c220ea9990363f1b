"""What each model of a provider takes, as a table for notebooks, terminals and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from openclaw_nb.core.capabilities import ModeCaps, Model, effective, overlay
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.tables import Table

COLUMNS = {
    Medium.VIDEO: (
        *("Model", "Makes", "Seconds", "Shape", "References", "Switches", "About", "Known end"),
    ),
    Medium.IMAGE: ("Model", "Shape", "References", "Formats", "At once", "About"),
    Medium.MUSIC: ("Model", "Seconds", "Formats", "About"),
}
_FEW = 15


def models(provider: AnyProvider) -> Table:
    """The models of a provider; the first is the default."""
    return Table(COLUMNS[provider.medium], tuple(rows(provider)))


def rows(provider: AnyProvider, code: Callable[[str], str] = str) -> list[tuple[str, ...]]:
    """The cells of the table. `code`: how a name that is typed is marked."""
    return [row for model in provider.models for row in _Offer(provider, model, code).rows()]


@dataclass(frozen=True, slots=True)
class _Offer:
    """One model of a provider."""

    provider: AnyProvider
    model: Model
    code: Callable[[str], str]

    def rows(self) -> list[tuple[str, ...]]:
        match self.provider.medium:
            case Medium.VIDEO:
                return self._video()
            case Medium.IMAGE:
                return [self._image()]
            case Medium.MUSIC:
                return [self._music()]

    def _image(self) -> tuple[str, ...]:
        caps = overlay(self.provider.caps, self.model.caps)
        block, edit = caps.generate or ModeCaps(), caps.edit or ModeCaps()
        return (
            self.code(f"{self.provider.id}/{self.model.id}"),
            _shape(block) if self.model.modes is None else _shape(edit),
            _references(edit) or "none",
            ", ".join(block.output_formats or ()) or "its own",
            str(block.max_count),
            _price(self.model),
        )

    def _music(self) -> tuple[str, ...]:
        block = overlay(self.provider.caps, self.model.caps).generate or ModeCaps()
        formats = ", ".join(block.formats or ())
        length = _seconds(block) if block.supports_duration else "its own"
        name = self.code(f"{self.provider.id}/{self.model.id}")
        return (name, length, formats, _price(self.model))

    def _video(self) -> list[tuple[str, ...]]:
        """One row for the modes that take the same style."""
        model, caps = self.model, overlay(self.provider.caps, self.model.caps)
        alike: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for mode in model.modes or caps.modes():
            images, videos = mode is Mode.IMAGE_TO_VIDEO, mode is Mode.VIDEO_TO_VIDEO
            block = effective(caps, model.id, int(images), int(videos)) or ModeCaps()
            style = _seconds(block), _shape(block), self._switches(block)
            alike.setdefault(style, []).append((mode.words, _references(block)))
        known = (_price(model), self._end())
        return [
            (
                self.code(model.id),
                _joined(makes for makes, _ in modes),
                seconds,
                shape,
                " or ".join(dict.fromkeys(takes for _, takes in modes if takes)) or "none",
                *rest,
                *known,
            )
            for (seconds, shape, *rest), modes in alike.items()
        ]

    def _switches(self, block: ModeCaps) -> str:
        switches = [
            name
            for name, there in (
                ("audio", block.supports_audio),
                ("watermark", block.supports_watermark),
            )
            if there
        ]
        options = [self.code(name) for name in block.provider_options or ()]
        return ", ".join([*switches, *options]) or "none"

    def _end(self) -> str:
        if self.model.retires_on is None:
            return ""
        following = self.model.replaced_by
        return f"{self.model.retires_on}{f', then {self.code(following)}' if following else ''}"


def _price(model: Model) -> str:
    return str(model.price or "unknown").removeprefix("about ")


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, texts)))


def _seconds(block: ModeCaps) -> str:
    if listed := block.supported_duration_seconds:
        whole = [int(value) for value in listed]
        if len(whole) > 2 and whole == list(range(whole[0], whole[-1] + 1)):  # noqa: PLR2004
            return f"{whole[0]} to {whole[-1]}"
        return ", ".join(map(str, whole))
    return f"up to {block.max_duration_seconds:g}" if block.max_duration_seconds else "its own"


def _shape(block: ModeCaps) -> str:
    taken = [
        _listed(block.sizes) if block.supports_size else "",
        _listed(block.aspect_ratios) if block.supports_aspect_ratio else "",
        _listed(block.resolutions) if block.supports_resolution else "",
    ]
    return "; ".join(filter(None, taken)) or "its own"


def _listed(values: tuple[str, ...] | None) -> str:
    if not values:
        return "any"
    more = f" and {len(values) - _FEW} more" if len(values) > _FEW else ""
    return ", ".join(values[:_FEW]) + more


def _references(block: ModeCaps) -> str:
    counts = {
        "image": block.max_input_images,
        "video": block.max_input_videos,
        "audio": block.max_input_audios,
    }
    return " and ".join(
        f"{count} {kind}{'s' if count > 1 and kind != 'audio' else ''}"
        for kind, count in counts.items()
        if count
    )
