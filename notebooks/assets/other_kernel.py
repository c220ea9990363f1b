"""Another kernel for `tasks-and-resuming.ipynb`: it starts a video at the address given and waits for it."""

import sys
import threading

import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

client = oc.Client(endpoints={"minimax": Endpoint(sys.argv[1], "emulated", 0.25)})
task = client.generate_video("a tram in the snow at night", model="minimax/MiniMax-Hailuo-2.3")
accepted = threading.Event()
task.watch(lambda now: accepted.set() if now.job_id else None)
if task.snapshot.job_id or accepted.wait(60):
    sys.stdout.write(f"{task.id}\n")
    sys.stdout.flush()
task.result()
