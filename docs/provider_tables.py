"""Writes the tables of providers and models from the providers' rows.

The table of all providers is in the README and on `docs/providers.md`; each provider has one of its
models on its page in `docs/providers/`; images and music have theirs.

    python docs/provider_tables.py

A test fails when a page is missing or its table is not what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from openclaw_nb.core.capabilities import ModeCaps, Model, effective, overlay
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.providers import PROVIDERS, of

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "providers"
OTHER_MEDIA = DOCS / "images-and-music.md"
OVERVIEWS = (DOCS.parent / "README.md", DOCS / "providers.md")
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
ALL_BEGIN, ALL_END = "<!-- providers -->", "<!-- end of providers -->"
OVERVIEW_COLUMNS = ("Id", "Default model", "Text", "Image", "Video", "Key")
_SHOWN_MODES = (Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)
COLUMNS = ("Model", "Makes", "Seconds", "Shape", "References", "Switches", "About", "Known end")
IMAGE_COLUMNS = ("Model", "Shape", "References", "Formats", "At once", "About")
MUSIC_COLUMNS = ("Model", "Seconds", "Formats", "About")
_FEW = 15


def page(provider: AnyProvider) -> Path:
    """Where the provider's page is; one that shares another's wire is on that one's page."""
    own = PAGES / f"{provider.id}.md"
    return own if own.exists() else PAGES / f"{provider.id.rpartition('-')[0]}.md"


def table(provider: AnyProvider) -> str:
    """The provider's models as a Markdown table; the first is the default."""
    rows = [row for model in provider.models for row in _rows(provider, model)]
    return _table(COLUMNS, rows)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rule = ("---",) * len(columns)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))


def overview(path: Path) -> str:
    """A page that lists all providers, with its table."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(ALL_BEGIN)
    rows = [_overview_row(provider, path.parent) for provider in PROVIDERS]
    made = _table(OVERVIEW_COLUMNS, rows)
    return f"{before}{ALL_BEGIN}\n{made}\n{ALL_END}{rest.partition(ALL_END)[2]}"


def _overview_row(provider: AnyProvider, folder: Path) -> tuple[str, ...]:
    default, own_page = provider.default_model, page(provider).relative_to(folder).as_posix()
    made_from = {mode for model in provider.models for mode in _modes(provider, model)}
    keys = ", ".join(f"`{name}`" for name in provider.key.env)
    return (
        f"`{provider.id}`",
        f"[`{default.id}`]({own_page})",
        *("✓" if mode in made_from else "-" for mode in _SHOWN_MODES),
        f"none on your own server; cloud: {keys}" if provider.keyless else keys,
    )


def _modes(provider: AnyProvider, model: Model) -> Iterable[Mode]:
    return model.modes or overlay(provider.caps, model.caps).modes()


def other_media(text: str) -> str:
    """The page of images and music with its tables."""
    for medium, columns, row in (
        (Medium.IMAGE, IMAGE_COLUMNS, _image_row),
        (Medium.MUSIC, MUSIC_COLUMNS, _music_row),
    ):
        begin, end = f"<!-- {medium} table -->", f"<!-- end of {medium} table -->"
        before, _, rest = text.partition(begin)
        rows = [row(provider, model) for provider in of(medium) for model in provider.models]
        text = f"{before}{begin}\n{_table(columns, rows)}\n{end}{rest.partition(end)[2]}"
    return text


def _image_row(provider: AnyProvider, model: Model) -> tuple[str, ...]:
    caps = overlay(provider.caps, model.caps)
    block, edit = caps.generate or ModeCaps(), caps.edit or ModeCaps()
    return (
        f"`{provider.id}/{model.id}`",
        _shape(block) if model.modes is None else _shape(edit),
        _references(edit) or "none",
        ", ".join(block.output_formats or ()) or "its own",
        str(block.max_count),
        _price(model),
    )


def _music_row(provider: AnyProvider, model: Model) -> tuple[str, ...]:
    block = overlay(provider.caps, model.caps).generate or ModeCaps()
    formats = ", ".join(block.formats or ())
    length = _seconds(block) if block.supports_duration else "its own"
    return (f"`{provider.id}/{model.id}`", length, formats, _price(model))


def _price(model: Model) -> str:
    return str(model.price or "unknown").removeprefix("about ")


def filled(text: str, provider: AnyProvider) -> str:
    """The page with its table between the two marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page(provider)} has no {BEGIN} or no {END}")
    return f"{before}{BEGIN}\n{table(provider)}\n{END}{after}"


def _rows(provider: AnyProvider, model: Model) -> list[tuple[str, ...]]:
    """One row for the modes that take the same style."""
    caps = overlay(provider.caps, model.caps)
    alike: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for mode in _modes(provider, model):
        images, videos = mode is Mode.IMAGE_TO_VIDEO, mode is Mode.VIDEO_TO_VIDEO
        block = effective(caps, model.id, int(images), int(videos)) or ModeCaps()
        style = _seconds(block), _shape(block), _switches(block)
        alike.setdefault(style, []).append((mode.words, _references(block)))
    known = (_price(model), _end(model))
    return [
        (
            f"`{model.id}`",
            _joined(makes),
            seconds,
            shape,
            " or ".join(dict.fromkeys(filter(None, takes))) or "none",
            *rest,
            *known,
        )
        for (seconds, shape, *rest), modes in alike.items()
        for makes, takes in [zip(*modes, strict=True)]
    ]


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


def _switches(block: ModeCaps) -> str:
    switches = [
        name
        for name, there in (
            ("audio", block.supports_audio),
            ("watermark", block.supports_watermark),
        )
        if there
    ]
    options = [f"`{name}`" for name in block.provider_options or ()]
    return ", ".join([*switches, *options]) or "none"


def _end(model: Model) -> str:
    if model.retires_on is None:
        return ""
    successor = f", then `{model.replaced_by}`" if model.replaced_by else ""
    return f"{model.retires_on}{successor}"


def main() -> None:
    """Write every page's table."""
    for provider in PROVIDERS:
        path = page(provider)
        path.write_text(filled(path.read_text(encoding="utf-8"), provider), encoding="utf-8")
    text = OTHER_MEDIA.read_text(encoding="utf-8")
    OTHER_MEDIA.write_text(other_media(text), encoding="utf-8")
    for path in OVERVIEWS:
        path.write_text(overview(path), encoding="utf-8")


if __name__ == "__main__":
    main()
