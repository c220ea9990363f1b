"""ComfyUI and Comfy Cloud (v1): upload, prompt, history, queue, view; the cloud's jobs; the websocket.

Sources: Comfy-Org/ComfyUI 0.3.75 `server.py` and `execution.py`, answers of a running server, docs.comfy.org
"Cloud API reference" (read 2026-11-21). One address stands for two servers: what carries `X-API-Key` is for the
cloud, the rest for a server of one's own. `Scenario.quirk` may be:

- `no_status`: history entries without a status, as of very old servers
- `no_outputs`: the history of a prompt that succeeded lists no outputs
- `newer`: a server of 2026, with `/api/jobs`
- `old_cloud`: a cloud without `/api/jobs`

`ends="expired"` is a server that was started anew: the prompt is nowhere; in the cloud it is `lost`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import cast
from uuid import uuid4

from openclaw_nb.emulator.clips import ClipSpec
from openclaw_nb.emulator.hosting import MP4, elsewhere, hand_over
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import (
    Feed,
    Handler,
    MalformedError,
    Reply,
    Request,
    Response,
    answer,
)

from . import comfy_events
from .comfy_graphs import NODES, CrashError, Frames, Graph, InvalidError, Run, checked, object_info
from .comfy_history import cloud_status, entry, item, job_view

QUIRKS = ("no_status", "no_outputs", "newer", "old_cloud")
EMPTY = Response(200)
TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"
CODES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 402: "PAYMENT_REQUIRED", 404: "NOT_FOUND"}
CHOSEN_TYPES = ("output", "input", "temp")
MODERATED: dict[str, object] = {
    "type": "custom_validation_failed",
    "message": "The prompt was refused by content moderation",
    "details": "",
    "extra_info": {},
}


def _spec(text: str, film: Frames) -> ClipSpec:
    seconds = film.count / film.fps
    size = (film.width, film.height)
    return ClipSpec("comfy", "workflow", text, *size, seconds, film.fps, first_image=film.first)


def new_id() -> str:
    """A prompt id."""
    return str(uuid4())


def service(jobs: Jobs) -> Handler:
    """Both servers on this machine."""
    return Comfy(jobs).handle


@dataclass(slots=True)
class Comfy:
    """The routes, and what is on the server's disk."""

    jobs: Jobs
    images: dict[str, bytes] = field(default_factory=dict[str, bytes])
    files: dict[str, list[Job]] = field(default_factory=dict[str, list[Job]])
    """By `subfolder/name`, the jobs that save it or find it cached, the latest last."""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    cached: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])
    """By graph, what it gave: a server does not run an identical graph again."""
    number: int = 0

    def handle(self, request: Request) -> Reply:
        """Any request."""
        if refused := self.jobs.no_such_quirk(QUIRKS):
            return refused
        if "x-api-key" in request.headers:
            return self._cloud(request)
        segments = request.segments
        if segments[:1] == ["api"]:
            segments = segments[1:]
        if segments[:1] == ["jobs"] and self.jobs.scenario.quirk == "newer":
            return self._jobs(request, segments[1:])
        return self._local(request, segments)

    def _local(self, request: Request, segments: list[str]) -> Reply:
        return (
            self._making(request, segments)
            or self._telling(request, segments)
            or self._queued(request, segments)
            or self._about(request, segments)
        )

    def _making(self, request: Request, segments: list[str]) -> Reply | None:
        match request.method, segments:
            case "POST", ["upload", "image" | "mask"]:
                return self._upload(request, hashed=False)
            case "POST", ["prompt"]:
                return self._submit(request)
            case "GET" | "HEAD", ["view"]:
                return self._view(request)
            case "GET", ["ws"]:
                return Feed(426, tick=comfy_events.Events(self.jobs, request.query).tick)
            case _:
                return None

    def _telling(self, request: Request, segments: list[str]) -> Response | None:
        match request.method, segments:
            case "GET", ["prompt"]:
                return answer({"exec_info": {"queue_remaining": sum(map(len, self._queue()))}})
            case "GET", ["history"]:
                return answer(self._history(list(self.jobs.all.values())))
            case "GET", ["history", id]:
                return self._asked(id, lambda job: answer(self._history([job])), answer({}))
            case "POST", ["history" | "free"]:
                return EMPTY
            case _:
                return None

    def _queued(self, request: Request, segments: list[str]) -> Response | None:
        match request.method, segments:
            case "GET", ["queue"]:
                running, pending = self._queue()
                listed = {"queue_running": running, "queue_pending": pending}
                return answer({name: list(map(item, jobs)) for name, jobs in listed.items()})
            case "POST", ["queue"]:
                return self._delete(request)
            case "POST", ["interrupt"]:
                only = _fields(request).get("prompt_id")
                for job in self._queue()[0]:
                    if only in (None, job.id):
                        job.cancel()
                return EMPTY
            case _:
                return None

    def _about(self, request: Request, segments: list[str]) -> Response:
        match request.method, segments:
            case "GET", ["object_info"]:
                return answer(object_info(NODES, self.images))
            case "GET", ["object_info", name]:
                return answer(object_info([name] if name in NODES else [], self.images))
            case "GET", ["system_stats"]:
                return answer(_STATS)
            case "GET", ["features"]:
                return answer(_FEATURES)
            case "GET", ["embeddings" | "extensions" | "models"]:
                return answer([])
            case _:
                return _plain(404, "404: Not Found")

    # Submitting

    def _upload(self, request: Request, *, hashed: bool) -> Response:
        try:
            parts = {part.name: part for part in request.form()}
        except MalformedError:
            return _plain(400)
        image = parts.get("image")
        if image is None or not image.filename or ".." in image.filename:
            return _plain(400)
        texts = {name: part.text for name, part in parts.items() if part.filename is None}
        if hashed:
            ending = image.filename.rpartition(".")[2]
            name, subfolder = f"{sha256(image.data).hexdigest()}.{ending}", ""
        else:
            subfolder = texts.get("subfolder", "")
            replace = texts.get("overwrite") in ("true", "1")
            name = image.filename if replace else self._free(subfolder, image.filename, image.data)
        self.images[f"{subfolder}/{name}" if subfolder else name] = image.data
        kind = "input" if hashed else texts.get("type", "input")
        return answer({"name": name, "subfolder": subfolder, "type": kind})

    def _free(self, subfolder: str, name: str, data: bytes) -> str:
        """`first (1).png` when `first.png` is another picture."""
        stem, dot, ending = name.rpartition(".")
        chosen, number = name, 0
        prefix = f"{subfolder}/" if subfolder else ""
        while self.images.get(f"{prefix}{chosen}", data) != data:
            number += 1
            chosen = f"{stem} ({number}){dot}{ending}" if dot else f"{name} ({number})"
        return chosen

    def _submit(self, request: Request, *, cloud: bool = False) -> Response:
        try:
            asked = request.fields()
        except MalformedError as error:
            return _problem(400, str(error)) if cloud else _plain(500, TROUBLE)
        graph = asked.get("prompt")
        if not isinstance(graph, dict):
            return _refused(InvalidError("no_prompt", "No prompt provided", "No prompt provided"))
        if self.jobs.scenario.submit_moderated:
            return answer({"error": MODERATED, "node_errors": {}}, 400)
        only = cast("list[str] | None", asked.get("partial_execution_targets"))
        try:
            good, wrong = checked(cast("Graph", graph), self.images, only)
        except InvalidError as error:
            return _refused(error)
        except TypeError:
            return _plain(500, TROUBLE)
        return self._admit(request, asked, good, wrong, cloud=cloud)

    def _admit(
        self,
        request: Request,
        asked: dict[str, object],
        good: list[str],
        wrong: dict[str, object],
        *,
        cloud: bool,
    ) -> Response:
        extra = self._extra(asked)
        graph, id = cast("Graph", asked["prompt"]), str(asked.get("prompt_id") or new_id())
        outputs, films, crash = self._run(graph, good)
        spec = _spec(Run(graph, self.images).prompt(), films[0] if films else Frames(1, 64, 64))
        number, self.number = self.number, self.number + 1
        reply = self.jobs.admit(
            request,
            Order("workflow", asked, spec, id),
            lambda job: answer({"prompt_id": job.id, "number": number, "node_errors": wrong}),
            lambda status: _http_error(status, cloud=cloud),
        )
        if job := self.jobs.all.get(id):
            notes = {"number": number, "graph": graph, "extra": extra, "good": good, "crash": crash}
            job.notes.update(notes)
            self._keep(job, outputs, cloud=cloud)
        return reply

    def _extra(self, asked: dict[str, object]) -> dict[str, object]:
        """What the history keeps beside the graph; the key of partners' models is not kept."""
        extra = cast("dict[str, object]", asked.pop("extra_data", {}))
        extra.pop("api_key_comfy_org", None)
        if "client_id" in asked:
            extra["client_id"] = asked["client_id"]
        return {**extra, "create_time": int(self.jobs.clock() * 1000)}

    def _run(
        self, graph: Graph, good: list[str]
    ) -> tuple[dict[str, object], list[Frames], CrashError | None]:
        """What the outputs are given, the films in them, and what went wrong."""
        run, outputs, films = Run(graph, self.images), dict[str, object](), list[Frames]()
        try:
            for output in good:
                film = run.film(output)
                if film is None:
                    outputs[output] = {"text": [run.text(output)]}
                else:
                    films.append(film)
                    outputs[output] = self._saved(graph[output])
        except CrashError as crash:
            return outputs, films, crash
        return outputs, films, None

    def _saved(self, node: Mapping[str, object]) -> dict[str, object]:
        prefix = str(cast("Mapping[str, object]", node["inputs"])["filename_prefix"])
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        subfolder, _, stem = prefix.rpartition("/")
        name = f"{stem}_{self.counts[prefix]:05}_.mp4"
        file = {"filename": name, "subfolder": subfolder, "type": "output"}
        if node["class_type"] == "VHS_VideoCombine":
            return {"gifs": [{**file, "format": "video/h264-mp4"}]}
        return {"images": [file], "animated": [True]}

    def _keep(self, job: Job, outputs: dict[str, object], *, cloud: bool) -> None:
        """The same graph gives the same files again; without a client_id they are not told."""
        graph = self._identity(job)
        job.notes["cached"] = graph in self.cached
        outputs = self.cached.get(graph, outputs)
        told = cloud or "client_id" in cast("dict[str, object]", job.notes["extra"])
        job.notes["outputs"] = outputs if told or not job.notes["cached"] else {}
        if job.scenario.ends == "succeeded" and job.notes["crash"] is None:
            self.cached[graph] = outputs
        for output in cast("dict[str, dict[str, list[dict[str, str]]]]", outputs).values():
            for file in [*output.get("images", ()), *output.get("gifs", ())]:
                name = f"{file['subfolder']}/{file['filename']}"
                self.files.setdefault(name, []).append(job)

    def _identity(self, job: Job) -> str:
        """What makes a run the same as another: the graph, its valid outputs, the pictures it loads."""
        nodes = cast("Graph", job.notes["graph"]).values()
        inputs = [cast("Mapping[str, object]", node.get("inputs", {})) for node in nodes]
        names = [str(each.get("image")) for each in inputs]
        pictures = [sha256(self.images[name]).hexdigest() for name in names if name in self.images]
        return json.dumps([job.notes["graph"], job.notes["good"], pictures], sort_keys=True)

    # Asking

    def _asked(self, id: str, said: Callable[[Job], Response], unknown: Response) -> Response:
        job = self.jobs.all.get(id)
        if job is None:
            return unknown
        failure = job.asked_after()
        return said(job) if failure is None else _http_error(failure)

    def _history(self, jobs: list[Job]) -> dict[str, object]:
        found = {job.id: entry(job) for job in jobs}
        return {id: each for id, each in found.items() if each is not None}

    def _queue(self) -> tuple[list[Job], list[Job]]:
        """Running and pending."""
        states = {job.id: job.state for job in self.jobs.all.values()}
        running, pending = (
            [job for job in self.jobs.all.values() if states[job.id] == word and not job.word]
            for word in ("running", "queued")
        )
        return running, pending

    def _delete(self, request: Request) -> Response:
        asked = _fields(request)
        wanted = cast("list[str]", asked.get("delete", []))
        for job in self._queue()[1]:
            if job.id in wanted or asked.get("clear"):
                job.notes["deleted"] = job.cancel()
        return EMPTY

    def _view(self, request: Request, *, cloud: bool = False) -> Reply:
        query = {"filename": "", "subfolder": "", "type": "output", **request.query}
        name, subfolder, kind = query["filename"], query["subfolder"], query["type"]
        if name.startswith("/") or ".." in name or kind not in CHOSEN_TYPES:
            return _plain(400)
        if ".." in subfolder:
            return _plain(403)
        if kind == "input" and name in self.images:
            return Response(200, self.images[name], {"content-type": "image/png"})
        jobs = self.files.get(f"{subfolder}/{name}", []) if kind == "output" else []
        job = next((job for job in reversed(jobs) if job.state == "succeeded"), None)
        if job is None:
            return _plain(404)
        moved = Response(302, b"", {"location": f"{elsewhere(request, job)}?Signature=1"})
        shown = {**MP4, "content-disposition": f'filename="{name}"'}
        return moved if cloud else hand_over(request, job, shown)

    # The cloud, and newer servers

    def _cloud(self, request: Request) -> Reply:
        if not request.headers["x-api-key"].strip():
            return _problem(401, "Invalid API key")
        if request.segments[:1] != ["api"]:
            return _problem(404, "Not found")
        segments = request.segments[1:]
        return (
            self._cloud_making(request, segments)
            or self._cloud_telling(request, segments)
            or self._queued(request, segments)
            or self._about(request, segments)
        )

    def _cloud_making(self, request: Request, segments: list[str]) -> Reply | None:
        match request.method, segments:
            case "POST", ["upload", "image" | "mask"]:
                return self._upload(request, hashed=True)
            case "POST", ["prompt"]:
                return self._submit(request, cloud=True)
            case "GET" | "HEAD", ["view"]:
                return self._view(request, cloud=True)
            case _:
                return None

    def _cloud_telling(self, request: Request, segments: list[str]) -> Response | None:
        match request.method, segments:
            case _, ["jobs", *rest] if self.jobs.scenario.quirk != "old_cloud":
                return self._jobs(request, rest)
            case "GET", ["job", id, "status"]:
                unknown = _problem(404, "Job not found")
                return self._asked(id, lambda job: answer(cloud_status(job)), unknown)
            case "GET", ["history_v2"]:
                return answer({"history": list(self._history(list(self.jobs.all.values())))})
            case "GET", ["history_v2", id]:
                job = self.jobs.all.get(id)
                return answer(self._history([job]) if job else {})
            case _:
                return None

    def _jobs(self, request: Request, rest: list[str]) -> Response:
        unknown = _problem(404, "Job not found")
        match request.method, rest:
            case "GET", []:
                jobs = [job_view(job, whole=False) for job in self.jobs.all.values()][::-1]
                page = {"offset": 0, "limit": len(jobs), "total": len(jobs), "has_more": False}
                return answer({"jobs": jobs, "pagination": page})
            case "GET", [id]:
                return self._asked(id, lambda job: answer(job_view(job, whole=True)), unknown)
            case "POST", [id, "cancel"] if id in self.jobs.all:
                return answer({"cancelled": self.jobs.all[id].cancel()})
            case _:
                return unknown


_STATS: dict[str, object] = {
    "system": {"os": "posix", "comfyui_version": "0.3.75", "python_version": "3.11", "argv": []},
    "devices": [{"name": "cpu", "type": "cpu", "index": None, "vram_total": 0, "vram_free": 0}],
}
_FEATURES = {"supports_preview_metadata": True, "max_upload_size": 104857600}


def _fields(request: Request) -> dict[str, object]:
    try:
        return request.fields()
    except MalformedError:
        return {}


def _refused(error: InvalidError) -> Response:
    return answer({"error": error.error, "node_errors": error.nodes}, 400)


def _plain(status: int, text: str = "") -> Response:
    return Response(status, text.encode(), {"content-type": "text/plain; charset=utf-8"})


def _problem(status: int, message: str) -> Response:
    return answer({"code": CODES.get(status, "ERROR"), "message": message}, status)


def _http_error(status: int, *, cloud: bool = False) -> Response:
    text = "The server could not serve the request"
    return _problem(status, text) if cloud else _plain(status, f"{status}: {text}")
