"""What one model would be sent for a request, or why it is passed over.

The run, the form and `plan_video` all ask `plan`; what it changes or leaves out it returns as
values, and the functions below put them into the words of the tool contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from openclaw_nb.core import skips
from openclaw_nb.core.capabilities import ModeCaps, Model, effective, flat, mode_of, overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Media, Medium, Mode, Ref, Request
from openclaw_nb.core.geometry import closest_resolution, ratio_of
from openclaw_nb.core.normalise import Style, normalise
from openclaw_nb.core.wire import AnyProvider, Skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A job ready to be sent, and how it differs from the request."""

    ref: Ref
    """What runs; another model than the one asked for only when `changes` says so."""
    job: Job
    mode: Mode
    changes: tuple[Change, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    """In the order size, aspect_ratio, resolution, audio, watermark, then the provider's own."""
    notes: tuple[str, ...] = ()


def plan(request: Request, media: Media, provider: AnyProvider, model: str) -> Plan | Skip:
    """Fit `request` to `model`, or say why that cannot be done. `media` are its references, loaded.

    Style is fitted to the nearest value the model takes. References, options and a length over
    the cap are never altered: they skip the model.
    """
    mode = _mode(request, media)
    row, switched = _endpoint(request, media, provider, model.strip())
    ref = Ref(provider.id, row.id)
    declared = _declared(row, request, media, provider)
    limits = declared or flat(overlay(provider.caps, row.caps))
    if skipped := _unfit(ref, row, declared, limits, request, media, _others(provider, row, mode)):
        return skipped
    style = normalise(request, declared)
    resolution, inferred = _inferred(request, media, declared)
    if inferred:
        style = replace(style, resolution=resolution)
    planned = Plan(
        ref=ref,
        job=_job(request, media, row.id, mode, style, provider.id),
        mode=mode,
        changes=(*switched, *style.changes, *inferred),
        ignored=(*style.ignored, *_of_others(request, provider.id)),
    )
    fitted = _fitted(planned, provider)
    if isinstance(fitted, Skip):
        return fitted
    return replace(fitted, notes=(*fitted.notes, *_time_limit(request, provider)))


def taken(request: Request, media: Media, provider: AnyProvider, model: str) -> ModeCaps | None:
    """What the model that `plan` would choose declares for the request's mode, if anything."""
    row, _ = _endpoint(request, media, provider, model.strip())
    return _declared(row, request, media, provider)


def _declared(row: Model, request: Request, media: Media, provider: AnyProvider) -> ModeCaps | None:
    caps = overlay(provider.caps, row.caps)
    return effective(caps, row.id, len(media.images), len(media.videos), request.medium)


def _mode(request: Request, media: Media) -> Mode:
    found = mode_of(len(media.images), len(media.videos), request.medium)
    return found or Mode.VIDEO_TO_VIDEO


def _unfit(
    ref: Ref,
    row: Model,
    declared: ModeCaps | None,
    limits: ModeCaps,
    request: Request,
    media: Media,
    having: tuple[str, ...],
) -> Skip | None:
    """The first check that the request does not pass, in the order in which they are told."""
    medium = request.medium
    if reason := skips.references(ref, row, declared, limits, media, having, medium):
        return Skip(reason, "references")
    if reason := skips.options(ref, limits.provider_options, request.provider_options):
        return Skip(reason, "providerOptions")
    # A video over the cap is another video; music is cut to it.
    video = medium is Medium.VIDEO
    if video and (reason := skips.duration(ref, limits, request.duration_seconds)):
        return Skip(reason, "durationSeconds")
    if reason := skips.exact(ref, declared, request):
        return Skip(reason)
    return None


def _inferred(
    request: Request, media: Media, caps: ModeCaps | None
) -> tuple[str | None, tuple[Change, ...]]:
    """The resolution that suits the references, where the model takes one and none was asked for.

    It is the nearest that the model has, so that it never makes a request fail.
    """
    if caps is None or not caps.infers_resolution or request.resolution or request.size:
        return None, ()
    sides = [image.longest_side for image in media.images if isinstance(image, Blob)]
    longest = max((side for side in sides if side), default=0)
    wanted = next((name for least, name in _INFERRED if longest >= least), None)
    found = closest_resolution(wanted, caps.resolutions or ()) if wanted else None
    if found is None:
        return None, ()
    why = f"the longest side of the references has {longest} pixels"
    change = Change(
        setting="resolution", requested=None, applied=found, why=why, derived_from="images"
    )
    return found, (change,)


_INFERRED = ((3000, "4K"), (1500, "2K"), (1, "1K"))


def _own_options(request: Request, provider: str) -> Mapping[str, object]:
    return {**request.vendor_options.get(provider, {}), **request.provider_options}


def _of_others(request: Request, provider: str) -> tuple[Ignored, ...]:
    """Options for another vendor's models than the one that runs."""
    return tuple(
        Ignored(setting=vendor, value=dict(options), why=f"is for the models of {vendor}")
        for vendor, options in request.vendor_options.items()
        if vendor != provider
    )


def _time_limit(request: Request, provider: AnyProvider) -> tuple[str, ...]:
    asked, counts = request.timeout_ms, provider.deadline_seconds
    if asked and request.timeout_seconds != asked / 1000:
        return (f"the time limit of {asked} ms was raised to {request.timeout_seconds:g} s",)
    if not provider.deadline_wins or asked is None or asked == counts * 1000:
        return ()
    told = f"the configuration's time limit of {counts:g} s counts, not the {asked / 1000:g} s"
    return (f"{told} of the request",)


def _endpoint(
    request: Request, media: Media, provider: AnyProvider, asked: str
) -> tuple[Model, tuple[Change, ...]]:
    """The row of `asked`, or the one that has the request's mode; the change if it has another id."""
    mode = _mode(request, media)
    row, why = provider.model(asked), f"{provider.label} has renamed it"
    other = (row.siblings or {}).get(mode) or _stand_in(request, media, provider, row)
    if other and mode not in modes(provider, row):
        row, why = provider.model(other), f"{row.id} does not make {mode.words_for(request.medium)}"
    if row.id == asked:
        return row, ()
    return row, (Change(setting="model", requested=asked, applied=row.id, why=why),)


def modes(provider: AnyProvider, row: Model) -> tuple[Mode, ...]:
    """The modes that a model has."""
    return overlay(provider.caps, row.caps).modes() if row.modes is None else row.modes


def _others(provider: AnyProvider, row: Model, mode: Mode) -> tuple[str, ...]:
    """The models that have `mode`, to be named where `row` says that it has not."""
    if row.modes is None or mode in row.modes:
        return ()
    return tuple(each.id for each in provider.models if mode in modes(provider, each))


def _stand_in(request: Request, media: Media, provider: AnyProvider, row: Model) -> str | None:
    """The model that a provider takes in place of its default, unless the caller named that."""
    named = (request.model or "").strip()
    is_named = row.id in (named, named.partition("/")[2].strip())
    if provider.default_for is None or is_named or row.id != provider.default_model.id:
        return None
    return provider.default_for(len(media.images), len(media.videos))


def _job(
    request: Request, media: Media, model: str, mode: Mode, style: Style, provider: str
) -> Job:
    return Job(
        model=model,
        mode=mode,
        prompt=request.prompt,
        images=media.images,
        videos=media.videos,
        audios=media.audios,
        size=style.size,
        aspect_ratio=style.aspect_ratio,
        resolution=style.resolution,
        duration_seconds=style.duration_seconds,
        audio=style.audio,
        watermark=style.watermark,
        count=request.count or 1,
        quality=style.quality,
        output_format=style.output_format,
        background=style.background,
        lyrics=style.lyrics,
        instrumental=style.instrumental,
        format=style.format,
        provider_options=_own_options(request, provider),
    )


def _fitted(planned: Plan, provider: AnyProvider) -> Plan | Skip:
    """The plan after the provider's own rules. What they ignore is no longer a change of ours."""
    fitted = provider.fit(planned.job) if provider.fit else None
    if fitted is None or isinstance(fitted, Skip):
        return fitted or planned
    dropped = {entry.setting for entry in fitted.ignored}
    ours = tuple(change for change in planned.changes if change.setting not in dropped)
    return replace(
        planned,
        ref=Ref(provider.id, fitted.job.model),
        job=fitted.job,
        changes=(*ours, *fitted.changes),
        ignored=(*planned.ignored, *fitted.ignored),
        notes=fitted.notes,
    )


_NORMALISED = {
    "size": "size",
    "aspect_ratio": "aspectRatio",
    "resolution": "resolution",
    "duration_seconds": "durationSeconds",
}


def normalization(changes: Iterable[Change]) -> dict[str, dict[str, object]]:
    """Changed style as the tool contract tells it: camelCase, `requested` and `applied`.

    When a setting was changed twice, the first `requested` and the last `applied` are told.
    """
    told: dict[str, dict[str, object]] = {}
    for change in changes:
        if key := _NORMALISED.get(change.setting):
            earlier = told.get(key, {})
            told[key] = {**earlier, **_told(change), **_origin(earlier)}
    return {key: entry for key, entry in told.items() if entry["applied"] != entry.get("requested")}


def _told(change: Change) -> dict[str, object]:
    entry: dict[str, object] = {"applied": change.applied}
    if change.derived_from:
        entry["derivedFrom"] = _camel(change.derived_from)
    if change.requested is not None:
        entry["requested"] = change.requested
    if change.supported and change.setting == "duration_seconds":
        entry["supportedValues"] = list(change.supported)
    return entry


def _origin(earlier: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in earlier.items() if key in _ORIGIN}


_ORIGIN = ("requested", "derivedFrom")


def ignored_overrides(ignored: Iterable[Ignored]) -> list[dict[str, object]]:
    """What was left out, as the tool contract lists it: camelCase keys, the caller's values."""
    return [{"key": _camel(entry.setting), "value": entry.value} for entry in ignored]


def metadata(changes: Iterable[Change], request: Request) -> dict[str, object]:
    """What normalisation adds to the metadata of a result."""
    told = normalization(changes)
    found: dict[str, object] = {}
    for key, entry in told.items():
        name = key[0].upper() + key[1:]
        if key == "size" and "requested" not in entry:
            continue
        found[f"normalized{name}"] = entry["applied"]
        if "requested" in entry:
            found[f"requested{name}"] = entry["requested"]
        if "supportedValues" in entry:
            found["supportedDurationSeconds"] = entry["supportedValues"]
    if told.get("aspectRatio", {}).get("derivedFrom") == "size":
        found["requestedSize"] = request.size
        if reduced := ratio_of(request.size):
            found["aspectRatioDerivedFromSize"] = reduced
    return found


def asked_settings(request: Request) -> dict[str, object]:
    """The settings that were given, by their names in the tool contract."""
    given: dict[str, object] = {
        "size": request.size,
        "aspectRatio": request.aspect_ratio,
        "resolution": request.resolution,
        "durationSeconds": request.duration_seconds,
        "audio": request.audio,
        "watermark": request.watermark,
        "quality": request.quality,
        "outputFormat": request.output_format,
        "background": request.background,
        "lyrics": request.lyrics,
        "instrumental": request.instrumental,
        "format": request.format,
        "filename": request.filename,
        "timeoutMs": request.timeout_ms,
    }
    return {name: value for name, value in given.items() if value is not None}


def applied_settings(
    request: Request, changes: Iterable[Change], ignored: Iterable[Ignored]
) -> dict[str, object]:
    """The settings that were applied, or asked for and kept, by their names in the contract."""
    changed = normalization(changes)
    dropped = {_camel(entry.setting) for entry in ignored}
    if changed.get("aspectRatio", {}).get("derivedFrom") == "size":
        dropped.add("size")
    if request.duration_seconds is None:
        dropped.add("durationSeconds")
    applied = {key: change["applied"] for key, change in changed.items()}
    kept = {k: v for k, v in (asked_settings(request) | applied).items() if k not in dropped}
    duration = changed.get("durationSeconds", {})
    told = {name: duration[key] for name, key in _ABOUT_DURATION.items() if key in duration}
    return kept | told


_ABOUT_DURATION = {
    "requestedDurationSeconds": "requested",
    "supportedDurationSeconds": "supportedValues",
}


def warning(ref: Ref, ignored: Sequence[Ignored]) -> str | None:
    """One line naming what was left out, or None: `google/veo ignored: resolution=4K`."""
    if not ignored:
        return None
    pairs = ", ".join(f"{_camel(entry.setting)}={_plain(entry.value)}" for entry in ignored)
    return f"{ref} ignored: {pairs}"


def _plain(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


_SHOWN = 200


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(map(str.capitalize, tail))
