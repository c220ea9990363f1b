"""ComfyUI: a graph of nodes is queued and its history read; Comfy Cloud speaks nearly the same.

Sources: Comfy-Org/ComfyUI 0.3.64 and 0.3.75 (`server.py`, `execution.py`), docs.comfy.org pages
"Cloud API reference" and "Cloud API overview", OpenClaw's plugin `comfy` (read 2026-11-21); run
against a ComfyUI 0.3.75 server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from hashlib import sha256
from random import SystemRandom
from typing import cast
from uuid import uuid4

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Asset, Ignored, Job, Link
from openclaw_nb.core.wire import (
    Before,
    Call,
    Fitted,
    Key,
    KeyHere,
    Malformed,
    Provider,
    Reply,
    Skip,
    Wire,
    takes_no_url,
)
from openclaw_nb.providers._comfy_jobs import (
    ComfyTicket,
    build_cancel,
    build_status,
    build_stream,
    parse_error,
    parse_status,
    parse_status_error,
    parse_submit,
    read_event,
)
from openclaw_nb.providers._comfy_workflows import BARE, Setup, Spot, Workflow, read_setup

_LOCAL_URL = "http://127.0.0.1:8188"
_CLOUD_URL = "https://cloud.comfy.org"

# How a video looks is written in the graph.
_STYLE = ModeCaps(
    max_videos=1,
    max_input_videos=0,
    supports_size=False,
    supports_aspect_ratio=False,
    supports_resolution=False,
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(_STYLE, enabled=True, max_input_images=1),
    video_to_video=ModeCaps(enabled=False),
)
# A label: the configuration says what runs.
MODELS = (Model(id="workflow", checked_on=date(2026, 11, 21)),)


class _Uploaded(Wire):
    filename: str | None = None
    name: str | None = None
    subfolder: str = ""


def fit(setup: Setup, job: Job) -> Fitted | Skip:
    """An image needs its node; options are values for inputs of the graph, and the seed."""
    workflow = setup.workflow(images=bool(job.images))
    if job.images and workflow.image is None:
        return Skip(
            "the configured ComfyUI workflow takes no image; set "
            "plugins.entries.comfy.config.inputImageNodeId to the node that loads it"
        )
    kept, ignored = _options(workflow, job.provider_options)
    if reason := _unknown_input(workflow, kept):
        return Skip(reason)
    if job.duration_seconds is not None:
        why = "the length is part of the workflow"
        lost = Ignored(setting="duration_seconds", value=job.duration_seconds, why=why)
        ignored = (lost, *ignored)
    roles = [image.role for image in job.images if image.role not in _ROLES]
    notes = tuple(f"the {role} is sent as the workflow's only image" for role in roles)
    return Fitted(
        replace(job, provider_options=kept, duration_seconds=None), ignored=ignored, notes=notes
    )


_ROLES = (None, "first_frame", "reference_image")


def _options(
    workflow: Workflow, given: Mapping[str, object]
) -> tuple[dict[str, object], tuple[Ignored, ...]]:
    kept: dict[str, object] = {}
    ignored: list[Ignored] = []
    for name, value in given.items():
        if why := _unfit(workflow, name, value):
            ignored.append(Ignored(setting=f"provider_options.{name}", value=value, why=why))
        else:
            kept[name] = value
    return kept, tuple(ignored)


def _unfit(workflow: Workflow, name: str, value: object) -> str:
    match name, value:
        case "inputs", Mapping():
            return ""
        case "inputs", _:
            return 'must be an object such as {"3.steps": 20}'
        case "seed", _ if workflow.seed is None:
            return "the configuration names no seedNodeId"
        case "seed", int() if not isinstance(value, bool):
            return ""
        case "seed", _:
            return "must be a whole number"
        case _:
            return "a workflow takes inputs and seed"


def _unknown_input(workflow: Workflow, options: Mapping[str, object]) -> str:
    for spot, _ in _overrides(options):
        if not spot.input:
            return f"provider_options.inputs: {spot.node!r} is not written <node>.<input>"
        if why := workflow.lacks(spot):
            return f"provider_options.inputs: {why}"
    return ""


def _overrides(options: Mapping[str, object]) -> Iterator[tuple[Spot, object]]:
    """The values of `inputs` and where they go."""
    for name, value in cast("Mapping[str, object]", options.get("inputs", {})).items():
        node, _, input = name.partition(".")
        yield Spot(node, input), value


def prepare(setup: Setup, job: Job) -> Before | Job:
    """An image is uploaded; the graph then names it as the server does."""
    if not job.images:
        return job
    form = {"image": _named(job.images[0]), "type": "input", "overwrite": "true"}
    call = Call("POST", setup.path("/upload/image"), form=form, keyed=setup.cloud)
    return Before(call, partial(_read_upload, job))


def _named(asset: Asset) -> Asset:
    """Under a name of its own: an upload replaces the file that a waiting prompt still needs."""
    if isinstance(asset, Link):
        return asset
    data = asset.data if asset.data is not None else f"{asset.path} {asset.size}".encode()
    stem, dot, ending = asset.name.rpartition(".")
    if not dot:
        stem, ending = asset.name, asset.media_type.rpartition("/")[2]
    return replace(asset, name=f"{stem or 'input'}-{sha256(data).hexdigest()[:12]}.{ending}")


def _read_upload(job: Job, reply: Reply) -> Job:
    kept = reply.read(_Uploaded)
    name = kept.filename or kept.name
    if not name:
        raise Malformed(f"no name; the answer began {reply.start()!r}")
    where = f"{kept.subfolder}/{name}" if kept.subfolder else name
    return replace(job, images=(Link(url=where, role=job.images[0].role),))


_random = SystemRandom()
_SEEDS = 2**48 - 1


def build_submit(setup: Setup, job: Job) -> Call:
    """The graph with prompt, image, seed and overrides in it."""
    workflow, options = setup.workflow(images=bool(job.images)), job.provider_options
    values: list[tuple[Spot, object]] = [(workflow.prompt, job.prompt)]
    if workflow.image and job.images and isinstance(image := job.images[0], Link):
        values.append((workflow.image, image.url))
    if workflow.seed:
        values.append((workflow.seed, options.get("seed", _random.randrange(_SEEDS))))
    values += _overrides(options)
    id = str(uuid4())
    body: dict[str, object] = {
        "prompt": workflow.filled(values),
        "prompt_id": id,
        # Events of the prompt go to the socket of this name. Without one the history of a graph
        # that was run before has no outputs (0.3.75).
        "client_id": id,
    }
    if setup.cloud:
        # Nodes of partners' models read it there.
        body["extra_data"] = {"api_key_comfy_org": KeyHere()}
    return Call("POST", setup.path("/prompt"), json=body, keyed=setup.cloud)


# The provider

_KEY = Key(
    env=("COMFY_API_KEY", "COMFY_CLOUD_API_KEY"),
    header="X-API-Key",
    form="{}",
    config_first=True,
)


def _provider(setup: Setup) -> Provider[ComfyTicket]:
    return Provider(
        id="comfy",
        label="ComfyUI",
        base_url=_CLOUD_URL if setup.cloud else _LOCAL_URL,
        # A server of one's own has no keys: one for the cloud is not even looked for.
        key=_KEY if setup.cloud else replace(_KEY, env=()),
        models=MODELS,
        caps=CAPS,
        ticket=ComfyTicket,
        build_submit=partial(build_submit, setup),
        parse_submit=partial(parse_submit, setup),
        build_status=partial(build_status, setup),
        parse_status=partial(parse_status, setup),
        parse_error=partial(parse_error, setup),
        parse_status_error=partial(parse_status_error, setup),
        build_stream=None if setup.cloud else build_stream,
        read_event=partial(read_event, setup),
        fit=partial(fit, setup),
        prepare=partial(prepare, setup),
        find_jobs="" if setup.cloud else "GET /queue lists what waits and runs on the server",
        build_cancel=partial(build_cancel, setup),
        configure=configure,
        keyless=not setup.cloud,
        by_name_only=not setup.own,
        poll_seconds=setup.poll_seconds or 1.5,
        slowest_poll_seconds=setup.poll_seconds,
        deadline_seconds=setup.timeout_seconds or 300,
        deadline_wins=setup.timeout_seconds is not None,
        # Histories and queues repeat whole graphs.
        max_reply_bytes=32 * 2**20,
        takes_url=takes_no_url,
    )


def configure(
    block: Mapping[str, object], read_text: Callable[[str], str]
) -> Provider[ComfyTicket]:
    """The provider that `plugins.entries.comfy.config` describes; raises ValueError."""
    return _provider(read_setup(block, read_text))


PROVIDER = replace(_provider(BARE), key=_KEY)
