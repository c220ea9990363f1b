"""What a running kernel needs of us: a Cancel button that works while a cell blocks, nested loops.

ipykernel queues every message behind the running cell, clicks included. With ipykernel 7 a tap on
its receiving thread sees our own clicks at once; with ipykernel 6 the waiting cell empties the
queue itself. Where neither can be installed, the interrupt button is left.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import threading
import warnings
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from openclaw_nb.runtime import loop
from openclaw_nb.runtime.logs import LOG

if TYPE_CHECKING:
    from openclaw_nb.task import R, Task

_cancels: dict[str, Callable[[], object]] = {}
_installed: set[int] = set()
_nested = False

_INSTALL = (
    "nested loops need nest-asyncio2 1.7.3 or newer here (pip install -U nest-asyncio2): "
    "nest-asyncio 1.6 loses queued cells with ipykernel 7.1 and newer, and fails on Python 3.14"
)


def current() -> Any | None:
    """The ipykernel kernel that this process is; None in a terminal or a script."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)


def attended() -> bool:
    """Whether somebody sits at the notebook: nbclient and its like say that nobody answers.

    Voila runs notebooks by nbclient and still shows them to somebody.
    """
    kernel = current()
    if kernel is None:
        return False
    parent: dict[str, Any] = kernel.get_parent("shell") or {}
    content: dict[str, Any] = parent.get("content", {})
    return bool(content.get("allow_stdin", True)) or os.environ.get(
        "SERVER_SOFTWARE", ""
    ).startswith("voila")


def on_click(comm_id: str, call: Callable[[], object]) -> None:
    """Call `call()` when the button with this comm is clicked, even while a cell blocks.

    It runs on any thread, and the button's own handler runs as well once the cell has ended.
    """
    _cancels[comm_id] = call
    kernel = current()
    if kernel is None or id(kernel) in _installed:
        return
    _installed.add(id(kernel))
    try:
        _ = _install_tap(kernel) or _install_pump(kernel)
    except Exception:  # noqa: BLE001  # another kernel than those known: the view itself must come
        LOG.debug("Cancel will wait for the running cell", exc_info=True)


def forget(comm_id: str) -> None:
    """The task behind this button has ended."""
    _cancels.pop(comm_id, None)


def _install_tap(kernel: Any) -> bool:
    """For ipykernel 7: look at each message on the thread that receives it, then pass it on."""
    thread = getattr(kernel, "shell_channel_thread", None)
    original = getattr(kernel, "shell_channel_thread_main", None)
    if thread is None or original is None:
        return False

    async def tap(message: list[Any]) -> None:
        try:
            _click(kernel, message)
        except Exception:  # noqa: BLE001  # whatever it is, the kernel must get it
            LOG.debug("a message was not understood", exc_info=True)
        await original(message)

    thread.io_loop.add_callback(lambda: kernel.shell_stream.on_recv(tap, copy=False))
    return True


def _click(kernel: Any, message: list[Any]) -> None:
    _, frames = kernel.session.feed_identities(message, copy=False)
    seen = kernel.session.deserialize(frames, content=False, copy=False)
    if seen["header"]["msg_type"] != "comm_msg":
        return
    content = kernel.session.unpack(seen["content"])
    call = _cancels.get(content.get("comm_id"))
    if call is not None and content["data"].get("content", {}).get("event") == "click":
        call()


def _install_pump(kernel: Any) -> bool:
    """For ipykernel 6: handle widget messages between two slices of a wait on the main thread."""
    if not hasattr(kernel, "msg_queue") or not hasattr(kernel.shell_stream, "flush"):
        return False

    def pump() -> None:
        if threading.current_thread() is threading.main_thread():
            _pump(kernel)

    loop.on_wait(pump)
    return True


def _pump(kernel: Any) -> None:
    kernel.shell_stream.flush()
    waiting = [kernel.msg_queue.get_nowait() for _ in range(kernel.msg_queue.qsize())]
    if not waiting:
        return
    ident, parent = kernel._parent_ident.get("shell"), kernel.get_parent("shell")  # noqa: SLF001  # no public name
    try:
        for item in [item for item in waiting if _is_comm(kernel, item)]:
            waiting.remove(item)
            _step(item)
    finally:
        kernel.set_parent(ident, parent, channel="shell")
        for item in waiting:
            kernel.msg_queue.put_nowait(item)


def _is_comm(kernel: Any, item: tuple[Any, ...]) -> bool:
    _, _, args = item
    if not args:
        return False
    _, frames = kernel.session.feed_identities(args[0], copy=False)
    seen = kernel.session.deserialize(frames, content=False, copy=False)
    return str(seen["header"]["msg_type"]).startswith("comm_")


def _step(item: tuple[Any, ...]) -> None:
    """Run one handler to its end; those of comms never wait."""
    _, dispatch, args = item
    handler = dispatch(*args)
    try:
        handler.send(None)
    except StopIteration:
        return
    handler.close()


def enable_nested_loops() -> None:
    """Let your own `asyncio.run(...)` and `run_until_complete(...)` work inside a cell.

    Nothing in this package needs it. It changes asyncio for the whole process, and it makes
    `task.result(pump=True)` possible, which keeps your own coroutines running meanwhile.

    Raises:
        RuntimeError: no library that does this safely here is installed, or the loop in use is not
            asyncio's own.
    """
    global _nested  # noqa: PLW0603  # asyncio is changed for the whole process, once
    here = _running_loop()
    if here is not None and not isinstance(here, BaseEventLoop):
        raise RuntimeError(
            f"the running loop is {type(here).__module__}.{type(here).__name__}; only asyncio's "
            "own loops can be nested. Await the task instead."
        )
    if (
        _loses_cells()
        and hasattr(asyncio, "_nest_patched")
        and not hasattr(asyncio, "_nest_asyncio2")
    ):
        warnings.warn(
            "nest_asyncio.apply() was called in this kernel: Run All may lose cells. "
            "Restart the kernel and leave that call out.",
            RuntimeWarning,
            stacklevel=2,
        )
    _nesting().apply(here)
    _nested = True


def pump_until(task: Task[R], timeout: float | None) -> R:
    """Wait for `task` while the loop of this thread goes on; after `enable_nested_loops()` only."""
    if not _nested:
        raise RuntimeError(
            "result(pump=True) nests the running loop: call openclaw_nb.enable_nested_loops() "
            "first, or leave pump=True out"
        )

    async def waited() -> R:
        return await task

    async def in_time() -> R:
        try:
            return await asyncio.wait_for(waited(), timeout)
        except TimeoutError:
            if task.done():
                raise
            raise TimeoutError(f"still running after {timeout:g} s; it goes on") from None

    here = _running_loop()
    return asyncio.run(in_time()) if here is None else here.run_until_complete(in_time())


def _nesting() -> Any:
    if _version("nest-asyncio2") >= (1, 7, 3):
        return importlib.import_module("nest_asyncio2")
    if _version("nest-asyncio") and sys.version_info < (3, 14) and not _loses_cells():
        return importlib.import_module("nest_asyncio")
    raise RuntimeError(_INSTALL)


def _loses_cells() -> bool:
    """Whether this is a kernel whose queue nest-asyncio 1.6 breaks."""
    return current() is not None and _version("ipykernel") >= (7, 1)


def _version(package: str) -> tuple[int, ...]:
    """The release numbers of an installed package; empty when it is not there."""
    try:
        found = version(package)
    except PackageNotFoundError:
        return ()
    return tuple(int(part) for part in found.split(".")[:3] if part.isdigit())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
