"""A process that sweeps: `python -m tests.sweep.child HOME ENDPOINTS`. It says `begun`, then every state."""

import json
import os
import sys

import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint


def main():
    home, urls = sys.argv[1], json.loads(sys.argv[2])
    endpoints = {id: Endpoint(url, "key", 0.05) for id, url in urls.items()}
    client = oc.Client(home=home, environ={}, endpoints=endpoints)
    run = oc.sweep("a heron", list(urls), duration_seconds=[4, 8], name="killed", client=client)
    os.write(1, b"begun\n")
    os.write(1, f"{[record['state'] for record in run.result().records]}\n".encode())


if __name__ == "__main__":
    main()
