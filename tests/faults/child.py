"""A process that makes one video of every provider it is given, until somebody kills it.

`python -m tests.faults.child HOME ENDPOINTS [--stop-at-renames]`; ENDPOINTS is a JSON object of base
URLs by provider id. It says `started` when every task is begun.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import openclaw_nb as oc
from openclaw_nb.providers import by_id
from openclaw_nb.runtime import loop
from openclaw_nb.vendors import Endpoint

PROMPT = "a friendly lobster surfing at sunset"


def stop_at_renames() -> None:
    """Hold every thread that is about to give a film its final name, just before it does."""
    loop.core().loop.set_default_executor(ThreadPoolExecutor(64))

    def hold(event: str, args: tuple[object, ...]) -> None:
        if event == "os.rename" and str(args[1]).endswith(".mp4"):
            os.write(1, b"renaming\n")  # in one piece, whatever the other threads write
            threading.Event().wait()

    sys.addaudithook(hold)


def main(home: str, endpoints: str, *options: str) -> None:
    if "--stop-at-renames" in options:
        stop_at_renames()
    urls: dict[str, str] = json.loads(endpoints)
    client = oc.Client(
        home=home,
        environ={},
        endpoints={id: Endpoint(url, f"key-of-{id}", 0.05) for id, url in urls.items()},
    )
    for id in urls:
        ref = f"{id}/{by_id[id].default_model.id}"
        client.generate_video(PROMPT, model=ref, exact_model=True)
    sys.stdout.write("started\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
