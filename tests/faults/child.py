"""A process that makes one video of every provider it is given.

`python -m tests.faults.child HOME ENDPOINTS [options]`; ENDPOINTS is a JSON object of base URLs by
provider id. It says `started` when every task is begun, and how each ended.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openclaw_nb as oc
from openclaw_nb.core.domain import Medium
from openclaw_nb.providers import by_id, of
from openclaw_nb.runtime import loop, store
from openclaw_nb.vendors import Endpoint

MEDIA = {".mp4", ".png", ".jpg", ".mp3", ".wav"}
PROMPT = "a friendly lobster surfing at sunset"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("home")
    parser.add_argument("endpoints", type=json.loads)
    parser.add_argument("--image", help="a reference for every video")
    parser.add_argument("--every-medium", action="store_true", help="images and music too")
    parser.add_argument("--stop-at-renames", action="store_true")
    parser.add_argument("--hold-nothing", action="store_true", help="write clips as they come")
    parser.add_argument("--file-limit", type=int, help="bytes, from when every ticket is there")
    return parser.parse_args()


def say(word: str) -> None:
    """A line in one piece, whatever other threads write."""
    os.write(1, f"{word}\n".encode())


def stop_at_renames() -> None:
    """Hold every thread that is about to give a file its final name, just before it does."""
    loop.core().loop.set_default_executor(ThreadPoolExecutor(64))

    def hold(event: str, args: tuple[object, ...]) -> None:
        if event == "os.rename" and Path(str(args[1])).suffix in MEDIA:
            say("renaming")
            threading.Event().wait()

    sys.addaudithook(hold)


def limit_files(tasks: list[oc.Task], size: int) -> None:
    """As on a full disk: no file grows beyond a size any more, the ledger's neither."""
    for task in tasks:
        accepted = threading.Event()
        task.watch(lambda now, accepted=accepted: accepted.set() if now.job_id else None)
        if not task.snapshot.job_id:
            accepted.wait()
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def images_and_music(client: oc.Client, ids: Collection[str]) -> list[oc.Task]:
    """One of every provider of every other medium."""
    makes = {Medium.IMAGE: client.generate_image, Medium.MUSIC: client.generate_music}
    return [
        make(PROMPT, model=f"{each.id}/{each.default_model.id}", exact_model=True)
        for medium, make in makes.items()
        for each in of(medium)
        if each.id in ids
    ]


def main() -> None:
    asked = options()
    if asked.stop_at_renames:
        stop_at_renames()
    if asked.hold_nothing:
        store.HELD_BYTES = 0
    endpoints = {id: Endpoint(url, f"key-of-{id}", 0.05) for id, url in asked.endpoints.items()}
    client = oc.Client(home=asked.home, environ={}, endpoints=endpoints)
    refs = [f"{id}/{by_id[id].default_model.id}" for id in endpoints]
    given = {"image": asked.image, "exact_model": True}
    tasks = [client.generate_video(PROMPT, model=ref, **given) for ref in refs]
    if asked.every_medium:
        tasks += images_and_music(client, endpoints)
    say("started")
    if asked.file_limit:
        limit_files(tasks, asked.file_limit)
    for task in tasks:
        try:
            say(f"saved {task.result().warnings}")
        except oc.OpenclawError as error:
            say(f"{type(error).__name__} {error}")


if __name__ == "__main__":
    main()
