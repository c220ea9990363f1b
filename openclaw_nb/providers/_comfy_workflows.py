"""What is to run on a ComfyUI server: a graph and where its prompt, image and seed go.

Sources: ComfyUI's workflow JSON in API format, OpenClaw's plugin `comfy` (read 2026-11-21).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pkgutil import get_data
from typing import Any, Literal, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, PositiveInt, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

Graph: TypeAlias = Mapping[str, Mapping[str, Any]]
"""API format: by node id, its `class_type` and its `inputs`."""

_LEAST_POLL_MS = 100
_LEAST_TIMEOUT_MS = 1000
_EXPORT = (
    "is in the format of ComfyUI's editor, with nodes and links; the server runs the API format: "
    "in ComfyUI choose Workflow > Export (API)"
)
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Spot:
    """One input of one node."""

    node: str
    input: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """A graph and the places in it that a request fills."""

    graph: Graph
    prompt: Spot
    image: Spot | None = None
    seed: Spot | None = None

    def filled(self, values: Iterable[tuple[Spot, object]]) -> dict[str, Any]:
        """A copy of the graph with these values in their places; the last one counts."""
        graph = cast("dict[str, Any]", copy.deepcopy(self.graph))
        for spot, value in values:
            graph[spot.node]["inputs"][spot.input] = value
        return graph

    def lacks(self, spot: Spot) -> str:
        """Why a value cannot go there; empty when it can."""
        if spot.node not in self.graph:
            return f"the workflow has no node {spot.node!r}; it has {', '.join(self.graph)}"
        if not isinstance(self.graph[spot.node].get("inputs"), Mapping):
            return f"node {spot.node!r} of the workflow has no inputs"
        return ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What one user runs, and where."""

    text: Workflow
    image: Workflow
    """The same as `text`, unless it is the package's own pair."""
    output: str = ""
    """The node whose files count; empty: every node's."""
    cloud: bool = False
    own: bool = False
    """The user's workflow, not the package's."""
    poll_seconds: float | None = None
    timeout_seconds: float | None = None

    def workflow(self, *, images: bool) -> Workflow:
        """The graph for a request with or without an image."""
        return self.image if images else self.text

    def path(self, route: str) -> str:
        """Where a route is on the server at hand."""
        return f"/api{route}" if self.cloud else route


class _Capability(BaseModel):
    """The keys that a section such as `video` may lay over the block."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    mode: Literal["local", "cloud"] = "local"
    workflow: dict[str, Any] | None = None
    workflow_path: str | None = None
    prompt_node_id: str | None = None
    prompt_input_name: str = "text"
    input_image_node_id: str | None = None
    input_image_input_name: str = "image"
    seed_node_id: str | None = None
    seed_input_name: str = "seed"
    output_node_id: str | None = None
    poll_interval_ms: PositiveInt | None = None
    timeout_ms: PositiveInt | None = None

    @property
    def is_bare(self) -> bool:
        """Nothing says what to run: the package's workflows do."""
        told = (self.workflow, self.workflow_path, self.prompt_node_id, self.input_image_node_id)
        return not any((*told, self.seed_node_id, self.output_node_id))


def _packaged(name: str) -> Graph:
    data = get_data("openclaw_nb.providers", f"workflows/{name}")
    return cast("Graph", json.loads(data or b""))


_PROMPT = Spot("6", "value")
BARE = Setup(
    text=Workflow(_packaged("comfy_text_to_video.json"), _PROMPT),
    image=Workflow(_packaged("comfy_image_to_video.json"), _PROMPT, Spot("1", "image")),
    output="13",
)
"""Without a configuration: two graphs that need no model weights."""


def read_setup(block: Mapping[str, object], read_text: Callable[[str], str]) -> Setup:
    """The setup that a configuration block means; raises ValueError with a sentence."""
    settings = _settings(block)
    poll = settings.poll_interval_ms and max(settings.poll_interval_ms, _LEAST_POLL_MS) / 1000
    timeout = settings.timeout_ms and max(settings.timeout_ms, _LEAST_TIMEOUT_MS) / 1000
    workflow = BARE.text if settings.is_bare else _workflow(settings, read_text)
    return Setup(
        text=workflow,
        image=BARE.image if settings.is_bare else workflow,
        output=settings.output_node_id or ("" if not settings.is_bare else BARE.output),
        cloud=settings.mode == "cloud",
        own=not settings.is_bare,
        poll_seconds=poll,
        timeout_seconds=timeout,
    )


def _settings(block: Mapping[str, object]) -> _Capability:
    section = block.get("video")
    if section is not None and not isinstance(section, Mapping):
        raise ValueError("video: is not an object")
    over = cast("Mapping[str, object]", section or {})
    try:
        return _Capability.model_validate({**block, **over})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None


def _workflow(settings: _Capability, read_text: Callable[[str], str]) -> Workflow:
    graph = _graph(settings, read_text)
    if settings.prompt_node_id is None:
        raise ValueError("promptNodeId: is missing; it names the node that takes the prompt")
    workflow = Workflow(
        graph,
        Spot(settings.prompt_node_id, settings.prompt_input_name),
        _spot(settings.input_image_node_id, settings.input_image_input_name),
        _spot(settings.seed_node_id, settings.seed_input_name),
    )
    named = {
        "promptNodeId": workflow.prompt,
        "inputImageNodeId": workflow.image,
        "seedNodeId": workflow.seed,
        "outputNodeId": _spot(settings.output_node_id, ""),
    }
    for key, spot in named.items():
        if spot and (why := workflow.lacks(spot)):
            raise ValueError(f"{key}: {why}")
    return workflow


def _spot(node: str | None, input: str) -> Spot | None:
    return Spot(node, input) if node else None


def _graph(settings: _Capability, read_text: Callable[[str], str]) -> Graph:
    if settings.workflow is not None:
        return _checked("workflow", settings.workflow)
    if settings.workflow_path is None:
        raise ValueError("workflow: is missing, and so is workflowPath; one of them is needed")
    where = f"workflowPath: {settings.workflow_path}"
    try:
        text = read_text(settings.workflow_path)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{where} cannot be read: {error}") from error
    try:
        return _checked(where, _OBJECT.validate_json(text))
    except ValidationError:
        raise ValueError(f"{where} is not a JSON object") from None


def _checked(where: str, graph: dict[str, Any]) -> Graph:
    # The server answers the editor's format with a bare 500, after which a job might exist.
    if "nodes" in graph and "links" in graph:
        raise ValueError(f"{where} {_EXPORT}")
    if not graph:
        raise ValueError(f"{where} is empty")
    for id, node in graph.items():
        if not isinstance(node, Mapping) or "class_type" not in node:
            raise ValueError(f"{where} is no graph in API format: {id!r} has no class_type")
    return cast("Graph", graph)
