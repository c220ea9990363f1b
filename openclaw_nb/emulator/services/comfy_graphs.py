"""The nodes of a ComfyUI server without model weights: what they take, whether a graph is valid, what it makes.

Source: Comfy-Org/ComfyUI 0.3.75, `execution.py` and the answers of its `/object_info` (read 2026-11-21);
VHS_VideoCombine is the VideoHelperSuite pack's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from openclaw_nb.emulator.references import UnreadableError, image_size

Spec = tuple[str, Mapping[str, object]]
"""An input's type and options, as the server lists them."""
Graph = Mapping[str, Mapping[str, object]]

_SIDE: Spec = ("INT", {"default": 512, "min": 1, "max": 16384, "step": 1})
_COUNT: Spec = ("INT", {"default": 1, "min": 1, "max": 4096})
_LONG: Spec = ("STRING", {"multiline": True})
_WORD: Spec = ("STRING", {"multiline": False})
_IMAGE: Spec = ("IMAGE", {})
_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
PAIR = 2


def _one_of(*options: str) -> Spec:
    """A list of values that is checked; newer nodes' lists are type COMBO and are not."""
    return "", {"options": list(options)}


def _combo(*options: str) -> Spec:
    return "COMBO", {"options": list(options), "default": options[0]}


@dataclass(frozen=True, slots=True)
class Node:
    """A node class."""

    required: Mapping[str, Spec]
    returns: tuple[str, ...] = ()
    optional: Mapping[str, Spec] = field(default_factory=dict[str, Spec])

    @property
    def saves(self) -> bool:
        """It is an output node."""
        return not self.returns


def _number(kind: str, limit: float) -> Spec:
    return kind, {"default": 0, "min": -limit, "max": limit}


NODES: dict[str, Node] = {
    "PrimitiveString": Node({"value": _WORD}, ("STRING",)),
    "PrimitiveStringMultiline": Node({"value": _LONG}, ("STRING",)),
    "PrimitiveInt": Node({"value": _number("INT", 2**63 - 1)}, ("INT",)),
    "PrimitiveFloat": Node({"value": _number("FLOAT", 2**63 - 1)}, ("FLOAT",)),
    "StringLength": Node({"string": _LONG}, ("INT",)),
    "EmptyImage": Node(
        {
            "width": _SIDE,
            "height": _SIDE,
            "batch_size": _COUNT,
            "color": ("INT", {"default": 0, "min": 0, "max": 0xFFFFFF, "step": 1}),
        },
        ("IMAGE",),
    ),
    "LoadImage": Node({"image": _one_of()}, ("IMAGE", "MASK")),
    "ImageBatch": Node({"image1": _IMAGE, "image2": _IMAGE}, ("IMAGE",)),
    "RepeatImageBatch": Node({"image": _IMAGE, "amount": _COUNT}, ("IMAGE",)),
    "ImageScale": Node(
        {
            "image": _IMAGE,
            "upscale_method": _one_of(*_METHODS),
            "width": _SIDE,
            "height": _SIDE,
            "crop": _one_of("disabled", "center"),
        },
        ("IMAGE",),
    ),
    "ResizeAndPadImage": Node(
        {
            "image": _IMAGE,
            "target_width": _SIDE,
            "target_height": _SIDE,
            "padding_color": _one_of("white", "black"),
            "interpolation": _one_of(*_METHODS),
        },
        ("IMAGE",),
    ),
    "CreateVideo": Node(
        {"images": _IMAGE, "fps": ("FLOAT", {"default": 30.0, "min": 1.0, "max": 120.0})},
        ("VIDEO",),
        {"audio": ("AUDIO", {})},
    ),
    "SaveVideo": Node(
        {
            "video": ("VIDEO", {}),
            "filename_prefix": ("STRING", {"default": "video/ComfyUI", "multiline": False}),
            "format": _combo("auto", "mp4"),
            "codec": _combo("auto", "h264"),
        }
    ),
    "VHS_VideoCombine": Node(
        {
            "images": _IMAGE,
            "frame_rate": ("FLOAT", {"default": 8, "min": 1, "step": 1}),
            "filename_prefix": ("STRING", {"default": "AnimateDiff"}),
            "format": _one_of("video/h264-mp4", "video/h265-mp4"),
        }
    ),
    "PreviewAny": Node({"source": ("*", {})}),
}


def object_info(names: Collection[str], images: Collection[str]) -> dict[str, object]:
    """The server's description of these classes."""
    return {name: _described(name, NODES[name], images) for name in names}


def _described(name: str, node: Node, images: Collection[str]) -> dict[str, object]:
    inputs = {"required": node.required, "optional": node.optional}
    return {
        "input": {
            group: {each: _listed(spec, images) for each, spec in specs.items()}
            for group, specs in inputs.items()
            if specs
        },
        "input_order": {group: list(specs) for group, specs in inputs.items() if specs},
        "output": list(node.returns),
        "output_is_list": [False] * len(node.returns),
        "output_name": list(node.returns),
        "name": name,
        "display_name": name,
        "description": "",
        "python_module": "nodes",
        "category": "emulator",
        "output_node": node.saves,
    }


def _listed(spec: Spec, images: Collection[str]) -> list[object]:
    kind, options = spec
    if kind:
        return [kind, dict(options)]
    values = options["options"] or sorted(images)
    return [values, {} if options["options"] else {"image_upload": True}]


# Is it valid?


class InvalidError(Exception):
    """The server answers 400 with this error."""

    def __init__(self, kind: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.nodes: dict[str, object] = {}
        self.error: dict[str, object] = {
            "type": kind,
            "message": message,
            "details": details,
            "extra_info": {},
        }


@dataclass(slots=True)
class _Inputs:
    """Walks from an output to its inputs; keeps what it found of each node."""

    graph: Graph
    images: Collection[str]
    found: dict[str, list[dict[str, object]] | None] = field(
        default_factory=dict[str, "list[dict[str, object]] | None"]
    )
    """By node: its errors; None: valid. An empty list: only nodes before it are wrong."""

    def valid(self, id: str) -> bool:
        """Check a node and all before it. Raises KeyError where the graph has a hole."""
        if id not in self.found:
            given, node = self.graph[id]["inputs"], NODES[cast("str", self.graph[id]["class_type"])]
            errors: list[dict[str, object]] = []
            sound = True
            for name, spec in {**node.required, **node.optional}.items():
                value = cast("Mapping[str, object]", given).get(name)
                if value is None:
                    errors += [_missing(name)] if name in node.required else []
                elif isinstance(value, list):
                    sound = self._linked(name, spec, cast("list[object]", value), errors) and sound
                else:
                    errors += _wrong(name, spec, value, self.images)
            self.found[id] = None if sound and not errors else errors
        return self.found[id] is None

    def _linked(
        self, name: str, spec: Spec, link: list[object], errors: list[dict[str, object]]
    ) -> bool:
        if len(link) != PAIR:
            text = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            errors.append(_error("bad_linked_input", text, name, name))
            return True
        source, slot = str(link[0]), cast("int", link[1])
        kind = NODES[cast("str", self.graph[source]["class_type"])].returns[slot]
        if "*" not in (kind, spec[0]) and kind != spec[0]:
            details = f"{name}, received_type({kind}) mismatch input_type({spec[0]})"
            text = "Return type mismatch between linked nodes"
            errors.append(_error("return_type_mismatch", text, details, name))
            return True
        try:
            return self.valid(source)
        except KeyError as hole:
            text, kind = "Exception when validating inner node", "exception_during_inner_validation"
            self.found[source] = [_error(kind, text, str(hole), name)]
            return False


def _error(kind: str, message: str, details: str, name: str) -> dict[str, object]:
    extra = {"input_name": name}
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def _missing(name: str) -> dict[str, object]:
    return _error("required_input_missing", "Required input is missing", name, name)


_READ = {"INT": int, "FLOAT": float, "STRING": str}


def _wrong(
    name: str, spec: Spec, value: object, images: Collection[str]
) -> list[dict[str, object]]:
    kind, options = spec
    if not kind:
        return _not_listed(name, options, value, images)
    try:
        read = _READ[kind](cast("str", value)) if kind in _READ else value
    except (TypeError, ValueError) as error:
        text = f"Failed to convert an input value to a {kind} value"
        return [_error("invalid_input_type", text, f"{name}, {value}, {error}", name)]
    least, most = options.get("min"), options.get("max")
    if isinstance(read, int | float) and isinstance(least, int | float) and read < least:
        text = f"Value {read} smaller than min of {least}"
        return [_error("value_smaller_than_min", text, name, name)]
    if isinstance(read, int | float) and isinstance(most, int | float) and read > most:
        text = f"Value {read} bigger than max of {most}"
        return [_error("value_bigger_than_max", text, name, name)]
    return []


def _not_listed(
    name: str, options: Mapping[str, object], value: object, images: Collection[str]
) -> list[dict[str, object]]:
    listed = cast("list[str]", options["options"])
    if not listed:
        details = f"{name} - Invalid image file: {value}"
        text = "Custom validation failed for node"
        bad = value not in images
        return [_error("custom_validation_failed", text, details, name)] if bad else []
    details = f"{name}: '{value}' not in {listed}"
    bad = value not in listed
    return [_error("value_not_in_list", "Value not in list", details, name)] if bad else []


def checked(
    graph: Graph, images: Collection[str], only: Collection[str] | None = None
) -> tuple[list[str], dict[str, object]]:
    """The outputs that can be made, and what is wrong with the others. Raises InvalidError, TypeError."""
    outputs = [id for id in graph if _known(id, graph[id]).saves and (only is None or id in only)]
    if not outputs:
        raise InvalidError("prompt_no_outputs", "Prompt has no outputs")
    inputs, good = _Inputs(graph, images), list[str]()
    nodes, reasons = dict[str, object](), list[str]()
    for output in outputs:
        try:
            valid = inputs.valid(output)
        except KeyError as hole:
            text, valid = "Exception when validating node", False
            inputs.found[output] = [_error("exception_during_validation", text, str(hole), "")]
        if valid:
            good.append(output)
            continue
        reasons += [f"{e['message']}: {e['details']}" for e in inputs.found[output] or ()]
        _blame(graph, inputs, output, nodes)
    if not good:
        invalid = InvalidError(
            "prompt_outputs_failed_validation",
            "Prompt outputs failed validation",
            "\n".join(reasons),
        )
        invalid.nodes = nodes
        raise invalid
    return good, nodes


def _blame(graph: Graph, inputs: _Inputs, output: str, nodes: dict[str, object]) -> None:
    for id, errors in inputs.found.items():
        if errors:
            fresh = {
                "errors": errors,
                "dependent_outputs": list[str](),
                "class_type": graph[id]["class_type"],
            }
            entry = cast("dict[str, list[str]]", nodes.setdefault(id, fresh))
            entry["dependent_outputs"].append(output)


def _known(id: str, node: object) -> Node:
    # A number here, as the editor's older files begin with, is a TypeError in the server too.
    if "class_type" not in node:  # type: ignore[operator] # pyright: ignore[reportOperatorIssue]
        text = "Cannot execute because a node is missing the class_type property."
        raise InvalidError("invalid_prompt", text, f"Node ID '#{id}'")
    kind = str(cast("Mapping[str, object]", node)["class_type"])
    if kind not in NODES:
        text = f"Cannot execute because node {kind} does not exist."
        raise InvalidError("invalid_prompt", text, f"Node ID '#{id}'")
    return NODES[kind]


# What does it make?


class CrashError(Exception):
    """A node raised while it ran."""

    def __init__(self, node: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.node, self.kind, self.message = node, kind, message


@dataclass(frozen=True, slots=True)
class Frames:
    """A batch of images, or a video once it has a rate."""

    count: int
    width: int
    height: int
    first: bytes | None = None
    fps: float = 24.0


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a graph over the uploaded images."""

    graph: Graph
    images: Mapping[str, bytes]

    def film(self, output: str) -> Frames | None:
        """What a video output saves; None for other outputs. Raises CrashError."""
        kind = self.graph[output]["class_type"]
        if kind == "PreviewAny":
            return None
        name = "video" if kind == "SaveVideo" else "images"
        film = cast("Frames", self.value(output, name))
        if kind == "VHS_VideoCombine":
            rate = cast("float", self.value(output, "frame_rate"))
            film = replace(film, fps=rate)
        elif self.value(output, "codec") not in ("auto", "h264"):
            raise CrashError(output, "ValueError", "Only H264 codec is supported for now\n")
        if film.width % 2 or film.height % 2:
            text = (
                "[Errno 542398533] Generic error in an external library: "
                "'avcodec_open2(\"libx264\", {})'\n"
            )
            raise CrashError(output, "av.error.ExternalError", text)
        return film

    def text(self, output: str) -> str:
        """What a PreviewAny shows."""
        return str(self.value(output, "source"))

    def value(self, id: str, name: str) -> object:
        """The value that reaches an input."""
        given = cast("Mapping[str, object]", self.graph[id]["inputs"])[name]
        if not isinstance(given, list):
            return given
        return self._made(str(cast("list[object]", given)[0]))

    def _made(self, id: str) -> object:
        match self.graph[id]["class_type"]:
            case "StringLength":
                return len(str(self.value(id, "string")))
            case "LoadImage":
                return self._loaded(id)
            case "EmptyImage":
                size = self._size(id)
                return Frames(self._int(id, "batch_size"), *size)
            case "CreateVideo":
                rate = float(cast("float", self.value(id, "fps")))
                return replace(self._frames(id, "images"), fps=rate)
            case str(kind) if "image" in NODES[kind].required or kind == "ImageBatch":
                return self._edited(id, kind)
            case _:  # the primitives
                return self.value(id, "value")

    def _edited(self, id: str, kind: str) -> Frames:
        image = self._frames(id, "image1" if kind == "ImageBatch" else "image")
        match kind:
            case "ImageBatch":
                return replace(image, count=image.count + self._frames(id, "image2").count)
            case "RepeatImageBatch":
                return replace(image, count=image.count * self._int(id, "amount"))
            case _:
                width, height = self._size(id, "target_" if kind == "ResizeAndPadImage" else "")
                return replace(image, width=width, height=height)

    def _size(self, id: str, start: str = "") -> tuple[int, int]:
        return self._int(id, f"{start}width"), self._int(id, f"{start}height")

    def _int(self, id: str, name: str) -> int:
        return int(cast("int", self.value(id, name)))

    def _frames(self, id: str, name: str) -> Frames:
        return cast("Frames", self.value(id, name))

    def _loaded(self, id: str) -> Frames:
        data = self.images[str(self.value(id, "image"))]
        try:
            return Frames(1, *image_size(data), data)
        except UnreadableError as error:
            text = f"cannot identify image file: {error}\n"
            raise CrashError(id, "PIL.UnidentifiedImageError", text) from error

    def prompt(self) -> str:
        """The longest text in the graph that names no file."""
        texts = [
            str(value)
            for node in self.graph.values()
            for name, value in cast("Mapping[str, object]", node["inputs"]).items()
            if isinstance(value, str) and name in ("value", "text", "string")
        ]
        return max(texts, key=len, default="")
