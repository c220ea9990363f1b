"""Cancel, Run All, interrupts and saved notebooks, with real kernels of several ipykernels.

What a notebook asks of the package, and where that is tested; `matrix` runs this file with
ipykernel 6.31 and 7.3 as well:

| What must hold | Where |
| --- | --- |
| the core has a thread and a loop of its own; jobs go on while a cell computes | here, `tests/runtime/test_loop.py` |
| Run All loses no cell, plain and with `pump=True` | here: `test_run_all_loses_no_cell` |
| Cancel works while a cell waits, by `result()` and `await`, by a sub-shell too | here; while one computes also `tests/browser/test_task.py` |
| an interrupt ends the wait within 2 s and not the job | here |
| httpx works on the core loop before and after nesting, and inside uvloop | here, `tests/runtime/test_loop.py` |
| a task awaited two cells later is saved as done | here |
| a saved notebook without trust: poster and player, no `<source>`, no script, no widget | here, `tests/notebook/test_render.py`, `tests/browser/test_task.py` |
| a process with a running job exits cleanly under `-X dev -W error` | `tests/runtime/test_loop.py` |
| a drop of 30 MiB arrives whole, too much is refused before it is read | `tests/browser/test_studio.py`, `tests/notebook/test_uploads.py` |
| nothing blocks inside `with Output()` | no code of ours uses it: `test_no_output_is_captured` |
| every object has HTML and text | `tests/test_help.py`, `tests/notebook/test_view.py` |
| clips are linked with a poster, previews stay within the budget | `tests/notebook/test_media.py` |
| 200 running tasks send at most 20 messages a second | here |
"""

import re
import time

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebook.kernels import ROOT, Kernel, kernel_env, manager, python_with

PREPARE = """
import asyncio, sys, time
from tests.toy import FOR_EVER, Job, a_video
from openclaw_nb.runtime import loop
from openclaw_nb.notebook.kernel import enable_nested_loops
"""
START = "job = Job(seconds={seconds}); task = job.start()"
WAITS = {"result": "task.result()", "await": "await task"}
VERSIONS = [
    "current",
    pytest.param("6.31.0", marks=pytest.mark.matrix),
    pytest.param("7.3.0", marks=pytest.mark.matrix),
]


@pytest.fixture(scope="module", params=VERSIONS)
def python(request, tmp_path_factory):
    return python_with(request.param)


@pytest.fixture(scope="module")
def shared(python, tmp_path_factory):
    kernel = Kernel(python, tmp_path_factory.mktemp("kernel"))
    kernel.run(PREPARE, timeout=30)
    yield kernel
    kernel.stop()


@pytest.fixture
def fresh(python, tmp_path):
    kernel = Kernel(python, tmp_path)
    kernel.run(PREPARE, timeout=30)
    yield kernel
    kernel.stop()


def computing(seconds):
    """A cell that is busy for so long, and hears nothing meanwhile."""
    return f"end = time.monotonic() + {seconds}\nwhile time.monotonic() < end: sum(range(1000))"


def shown(kernel, seconds="FOR_EVER"):
    """A running task on display; the comm of its Cancel button."""
    kernel.run(START.format(seconds=seconds) + "\ntask")
    return kernel.button()


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_cancel_works_while_a_cell_waits_whichever_way_the_click_comes(shared, wait):
    newer = int(shared.run("import ipykernel; print(ipykernel.version_info[0])")) >= 7
    ways = [None, shared.subshell()] if newer else [None]  # ipykernel 6 has no sub-shells
    assert None not in ways[1:]
    for subshell in ways:
        button = shown(shared)
        cell = shared.send(f"print('waiting', flush=True)\n{wait}")
        shared.said("waiting")
        clicked = time.monotonic()
        shared.click(button, subshell)
        reply = shared.reply(cell)
        assert (reply["ename"], time.monotonic() - clicked < 2) == ("TaskCancelled", True)


def test_cancel_works_when_no_cell_waits(shared):
    button = shown(shared)
    shared.click(button)
    assert "TaskCancelled" in shared.run(
        "try: task.result(5)\nexcept Exception as e: print(type(e).__name__)"
    )


def test_cells_queued_behind_a_wait_run_in_order_though_the_button_was_clicked(shared):
    button = shown(shared)
    cells = [
        shared.send("print('waiting', flush=True)\ntry: task.result()\nexcept Exception: print(1)"),
        shared.send("print(2)"),
        shared.send("print(3)"),
    ]
    shared.said("waiting")
    shared.click(button)
    assert [shared.reply(cell)["status"] for cell in cells] == ["ok"] * 3
    texts = [shared.said(text)["content"]["text"].strip() for text in "123"]
    assert texts == ["1", "2", "3"]


@pytest.mark.parametrize("how", ["", "pump=True"], ids=["plain", "pump"])
def test_run_all_loses_no_cell(fresh, how):
    if how:
        fresh.run("enable_nested_loops()")
    codes = [
        f"{START.format(seconds=1)}\ntask.result({how}); print('one')",
        f"{START.format(seconds=0.3)}\ntask.result({how}); print('two')",
        "print('three')",
    ]
    cells = [fresh.send(code) for code in codes]
    assert [fresh.reply(cell)["status"] for cell in cells] == ["ok"] * 3
    for text in ("one", "two", "three"):
        fresh.said(text)
    assert fresh.run("print(1 + 1)") == "2\n"


def test_pumping_keeps_the_users_coroutines_alive_and_must_be_enabled(fresh):
    fresh.run(START.format(seconds=0.5))
    refused = fresh.reply(fresh.send("task.result(pump=True)"))
    assert (refused["ename"], "enable_nested_loops" in refused["evalue"]) == ("RuntimeError", True)
    fresh.run("enable_nested_loops()\nassert asyncio.run(asyncio.sleep(0, 'nested')) == 'nested'")
    ticks = fresh.run("""
ticks = []
async def tick():
    while True:
        ticks.append(1); await asyncio.sleep(0.05)
mine = asyncio.ensure_future(tick())
job = Job(seconds=0.8); job.start().result(pump=True)
mine.cancel()
print(len(ticks))
""")
    assert int(ticks) > 5
    with_time_out = fresh.reply(
        fresh.send("job = Job(seconds=FOR_EVER); job.start().result(0.2, pump=True)")
    )
    assert with_time_out["ename"] == "TimeoutError"
    assert fresh.run("assert not job.task.done(); job.end(); print(job.task.result(5).ref)")


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_an_interrupt_ends_the_wait_and_not_the_job(shared, wait):
    shown(shared)
    cell = shared.send(f"print('waiting', flush=True)\n{wait}")
    shared.said("waiting")
    interrupted = time.monotonic()
    shared.manager.interrupt_kernel()
    reply = shared.reply(cell)
    assert time.monotonic() - interrupted < 2
    assert reply["ename"] in {"KeyboardInterrupt", "CancelledError"}
    shared.run("polls = job.polls\nawait asyncio.sleep(0.3)\nassert job.polls > polls")
    assert shared.run("job.end(); print(task.result(5).ref)").startswith("fal/")


def test_the_job_goes_on_while_a_cell_computes(shared):
    shown(shared)
    polls = shared.run(f"before = job.polls\n{computing(1)}\nprint(job.polls - before)\njob.end()")
    assert int(polls) > 10


def test_the_card_moves_while_a_cell_blocks(shared):
    shown(shared)
    first = len(shared.heard)
    shared.run(f"{computing(1.5)}\njob.end()")
    heads = [
        m["content"]["data"]["state"]["now"]
        for m in shared.heard[first:]
        if m["msg_type"] == "comm_msg" and "● Running" in str(m["content"]["data"])
    ]
    assert 1 <= len(heads) <= 7


@pytest.mark.parametrize("nest", ["nest_asyncio2"])
def test_httpx_works_on_the_core_loop_in_a_kernel_that_was_nested(fresh, nest):
    fresh.run(f"""
import http.server, threading, httpx
class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "5"); self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
threading.Thread(target=server.serve_forever, daemon=True).start()
async def get():
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{{server.server_port}}/")).text
assert loop.wait(loop.start(get()), 10) == "hello"
import {nest}; {nest}.apply()
assert loop.wait(loop.start(get()), 10) == "hello"
""")
    assert fresh.run("print(loop.wait(loop.start(get()), 10)); server.shutdown()") == "hello\n"


def executed(python, folder, *codes):
    """The outputs of each cell of a notebook as nbclient saves it."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in (PREPARE, *codes)]
    )
    client = NotebookClient(notebook, km=manager(python), timeout=15, store_widget_state=False)
    try:
        client.execute(env=kernel_env(folder), cwd=str(folder))
    finally:
        client.kc.stop_channels()
        client.km.shutdown_kernel(now=True)
    return [cell.outputs for cell in notebook.cells[1:]]


WIDGETS = {"widgets": "", "plain": "sys.modules['ipywidgets'] = None\n"}


@pytest.mark.parametrize("prepare", WIDGETS.values(), ids=WIDGETS)
@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_saved_notebook_shows_the_end_of_a_task_awaited_two_cells_later(
    python, tmp_path, wait, prepare
):
    first, _, _ = executed(
        python,
        tmp_path,
        f"{prepare}{START.format(seconds='FOR_EVER')}\ntask",
        computing(0.3),
        f"job.end()\n_ = {wait}",
    )
    (output,) = first
    assert output["data"]["text/plain"].startswith("Done")
    assert "● Done" in output["data"]["text/html"]
    assert "<source" not in output["data"]["text/html"]
    assert "<script" not in output["data"]["text/html"]
    assert set(output["data"]) == {"text/html", "text/plain"}, "no viewer needs a widget"


def test_a_notebook_saved_while_the_task_runs_shows_it_running(python, tmp_path):
    (outputs,) = executed(python, tmp_path, f"{START.format(seconds='FOR_EVER')}\ntask")
    (output,) = outputs
    assert set(output["data"]) == {"text/html", "text/plain"}, "nobody is there to click"
    assert output["data"]["text/plain"].startswith(("Queued", "Running"))


def displayed(kernel, first):
    """Every output made since then, as a page shows it now."""
    outputs = {}
    for message in kernel.heard[first:]:
        content = message["content"]
        id = content.get("transient", {}).get("display_id")
        if message["msg_type"] == "display_data" or id in outputs:  # else of an earlier task
            outputs[id] = content["data"]
    return list(outputs.values())


def test_somebody_who_sits_at_the_notebook_gets_html_above_and_widgets_below(shared):
    first = len(shared.heard)
    shown(shared)
    above, below = displayed(shared, first)
    assert set(above) == {"text/html", "text/plain"}
    assert above["text/plain"].startswith(("Queued", "Running"))
    assert "application/vnd.jupyter.widget-view+json" in below
    shared.run("job.end(); task.result(5)")
    above, below = displayed(shared, first)
    assert "● Done" in above["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in below, "its buttons still work"


def sent(kernel, code, timeout=60):
    """How many messages a page had to draw while `code` ran."""
    first = len(kernel.heard)
    kernel.run(code, timeout)
    kinds = ("comm_msg", "update_display_data", "display_data")
    return sum(message["msg_type"] in kinds for message in kernel.heard[first:])


@pytest.mark.parametrize(
    "show",
    ["for task in tasks: task.show()", "TasksView(tasks).show()"],
    ids=["cards", "one view"],
)
def test_two_hundred_running_tasks_send_twenty_messages_a_second_at_most(fresh, show):
    fresh.run(
        "from openclaw_nb.notebook.progress import TasksView\n"
        f"tasks = [Job(seconds=1e5).start() for _ in range(200)]\n{show}\n{computing(3)}",
        timeout=100,
    )
    assert 1 <= sent(fresh, computing(5)) <= 5 * 20


def test_show_as_the_value_of_a_cell_is_one_view(python, tmp_path):
    (outputs,) = executed(python, tmp_path, f"{START.format(seconds=0.1)}\ntask.show()")
    assert len(outputs) == 1


def test_a_task_that_failed_is_saved_as_failed(python, tmp_path):
    outputs, _ = executed(
        python,
        tmp_path,
        "job = Job(seconds=0.1, outcome=ValueError('no <b>luck</b>')); task = job.start(); task",
        "try: task.result()\nexcept ValueError: pass",
    )
    assert "no &lt;b&gt;luck" in outputs[0]["data"]["text/html"]
    assert "no <b>luck" in outputs[0]["data"]["text/plain"]


def test_no_output_is_captured():
    """nbclient stalls on `with Output():` until the cell's time is out."""
    for path in (ROOT / "openclaw_nb").rglob("*.py"):
        assert not re.search(r"\bwith .*\bOutput\(", path.read_text(encoding="utf-8")), path


def test_a_kernel_with_a_running_job_shuts_down_soon(fresh):
    shown(fresh)
    began = time.monotonic()
    fresh.client.stop_channels()
    fresh.manager.shutdown_kernel(now=False)
    assert time.monotonic() - began < 5
