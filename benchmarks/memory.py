"""Memory: eight large clips at once, one clip of growing size, one large reference."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import children
from benchmarks.bench import MIB, Bench, each
from benchmarks.figures import Figure, Goal
from benchmarks.peers import OPENAI_CLIENT, OPENCLAW, OURS, STREAMING, Peer
from benchmarks.stand_in import HEAD

AREA = "Memory"
CLIPS, CLIP_MIB = 8, 24
SIZES_MIB = (1, 16, 64, 256)
REFERENCE_MIB = 50
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x00\x00\x00\x04\x00\x08\x02\x00\x00\x00"
"""How a PNG of 1024 x 1024 pixels begins."""
GROWTH = Goal(16.0)
NOT_GROWING = Goal(8.0)
STREAMED = Goal(8.0)


def measure(bench: Bench) -> Iterator[Figure]:
    """The most memory above the start, in MiB."""
    if not sys.platform.startswith("linux"):
        bench.skipped["memory"] = "the high-water mark of a process is read from Linux's /proc"
        return
    yield from _at_once(bench)
    if not bench.quick:
        yield from _by_size(bench)
        yield from _uploads(bench)


def _at_once(bench: Bench) -> Iterator[Figure]:
    names = (OURS, STREAMING.name, "openai") if bench.quick else ()
    peers = bench.named(*names) if names else bench.peers
    name = f"growth, {CLIPS} clips of {CLIP_MIB} MiB at once"
    runs = {peer.name: partial(_clips, bench, peer, CLIPS, CLIP_MIB) for peer in peers}
    yield from each(AREA, name, "MiB", bench.interleaved(runs), goal=GROWTH)


def _by_size(bench: Bench) -> Iterator[Figure]:
    runs = {str(size): partial(_clips, bench, OPENCLAW, 1, size) for size in SIZES_MIB}
    found = bench.interleaved(runs)
    for size, samples in found.items():
        yield Figure(AREA, f"growth, one clip of {size} MiB", "MiB", tuple(samples))
    least, most = found[str(SIZES_MIB[0])], found[str(SIZES_MIB[-1])]
    more = tuple(large - small for small, large in zip(least, most, strict=True))
    name = f"growth, clip of {SIZES_MIB[-1]} MiB above one of {SIZES_MIB[0]} MiB"
    yield Figure(AREA, name, "MiB", more, goal=NOT_GROWING)


def _clips(bench: Bench, peer: Peer, count: int, mebibytes: int) -> float:
    size = mebibytes * MIB
    # A first clip as large would leave behind what the others then take without growing.
    _, url = bench.server.place(peer.wire, 4096, size)
    told = children.run(peer, "jobs", url=url, count=count, clip_bytes=size)
    return float(told["growth_bytes"]) / MIB


def _uploads(bench: Bench) -> Iterator[Figure]:
    """OpenAI's wire takes a video as a form, xAI's an image as a data URI inside JSON."""
    with tempfile.TemporaryDirectory() as temporary:
        video, image = (_files(Path(temporary), *kind) for kind in (("mp4", HEAD), ("png", PNG)))
        subjects = {
            "form": (OPENCLAW, "openai", video),
            "data URI": (OPENCLAW, "xai", image),
            "openai": (OPENAI_CLIENT, "openai", video),
        }
        runs = {
            name: partial(_upload, bench, peer, wire, files)
            for name, (peer, wire, files) in subjects.items()
            if peer in bench.peers
        }
        for name, told in bench.interleaved(runs).items():
            yield from _uploaded(name, told)


def _uploaded(name: str, told: list[dict[str, float]]) -> Iterator[Figure]:
    form, subject = ("form", "openai") if name == "openai" else (name, OURS)
    title = f"growth, reference of {REFERENCE_MIB} MiB as a {form}"
    growth = tuple(run["growth_bytes"] / MIB for run in told)
    body = told[0]["body_bytes"] / MIB
    goal = STREAMED if subject == OURS else None
    yield Figure(AREA, title, "MiB", growth, subject, goal=goal, note=f"a body of {body:.0f} MiB")


def _files(folder: Path, suffix: str, head: bytes) -> dict[str, str]:
    """A large and a small reference that begin as files of their kind do."""
    found = {}
    for name, size in (("file", REFERENCE_MIB * MIB), ("warm", 4096)):
        path = folder / f"{name}.{suffix}"
        path.write_bytes(head + bytes(size - len(head)))
        found[name] = str(path)
    return found


def _upload(bench: Bench, peer: Peer, wire: str, files: dict[str, str]) -> dict[str, Any]:
    label, url = bench.server.place(wire, 4096)
    told = children.run(peer, "upload", url=url, **files)
    told["body_bytes"] = bench.server.asked(label)["largest_body"]
    assert told["body_bytes"] >= REFERENCE_MIB * MIB
    return told
