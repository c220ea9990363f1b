"""What a ComfyUI server tells the websocket of one client: the frames of its own prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

from openclaw_nb.emulator.jobs import Job, Jobs

from .comfy_history import graph, messages, outputs, succeeded


@dataclass(slots=True)
class Events:
    """One socket. A look at a prompt counts as a status call."""

    jobs: Jobs
    query: Mapping[str, str]
    told: dict[str, int] = field(default_factory=dict[str, int])
    """By prompt: 0 not started, 1 started, 2 ended."""
    greeted: bool = False

    def tick(self) -> list[str]:
        """The frames that are due."""
        frames: list[str] = []
        if not self.greeted:
            self.greeted = True
            status = {"exec_info": {"queue_remaining": 0}}
            sid = self.query.get("clientId") or uuid4().hex
            frames.append(_frame("status", {"status": status, "sid": sid}))
        for job in list(self.jobs.all.values()):
            if job.notes.get("extra") and self._is_ours(job) and self.told.get(job.id, 0) < 2:  # noqa: PLR2004
                frames += self._news(job)
        return frames

    def _is_ours(self, job: Job) -> bool:
        extra = cast("Mapping[str, object]", job.notes["extra"])
        return extra.get("client_id") == self.query.get("clientId")

    def _news(self, job: Job) -> list[str]:
        job.asked_after()
        state, nodes = job.state, list(graph(job))
        if state == "queued" or job.notes.get("deleted"):
            return []
        frames: list[str] = []
        story = messages(job)
        if not self.told.get(job.id):
            self.told[job.id] = 1
            frames += [_frame(name, about) for name, about in story[:2]]
        if state == "running":
            done = int(job.part_done * len(nodes))
            at = {"node": nodes[min(done, len(nodes) - 1)], "prompt_id": job.id}
            return [*frames, _frame("progress", {"value": done, "max": len(nodes), **at})]
        self.told[job.id] = 2
        return [*frames, *_end(job, nodes, story[-1])]


def _end(job: Job, nodes: list[str], last: tuple[str, dict[str, object]]) -> list[str]:
    frames: list[str] = []
    if succeeded(job):
        given = outputs(job)
        for node in nodes:
            at = {"node": node, "display_node": node, "prompt_id": job.id}
            if not job.notes["cached"]:
                frames.append(_frame("executing", at))
            if node in given:
                frames.append(_frame("executed", {**at, "output": given[node]}))
    frames.append(_frame(*last))
    return [*frames, _frame("executing", {"node": None, "prompt_id": job.id})]


def _frame(kind: str, data: Mapping[str, object]) -> str:
    return json.dumps({"type": kind, "data": data})
