"""One event loop on one background thread: cells never block it, and it never blocks them."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import ctypes
import os
import threading
import time
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import Any, TypeVar

V = TypeVar("V")

_SLICE_SECONDS = 0.2
"""Short waits stay interruptible on every OS, and let the wait hooks run."""
_IDLE_SECONDS = 0.5
_CANCEL_SECONDS = 1.5
_JOIN_SECONDS = 0.5


class _PinnedLoop(asyncio.SelectorEventLoop):
    """A loop that `nest_asyncio.apply()` cannot change: it patches the class, these are its own."""


for _name in ("run_forever", "run_until_complete", "_run_once", "_check_running"):
    if hasattr(BaseEventLoop, _name):
        setattr(_PinnedLoop, _name, getattr(BaseEventLoop, _name))


def _task_class() -> type[asyncio.Task[Any]]:
    """The C one: `apply()` swaps `asyncio.Task` for the pure-Python one."""
    try:
        from _asyncio import Task
    except ImportError:
        return asyncio.Task
    return Task


class CoreLoop:
    """The background thread and its loop; made anew after a fork."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = _PinnedLoop()
        self.loop.set_task_factory(self._make)
        self._task_class = _task_class()
        self._begun: set[asyncio.Task[Any]] = set()
        """Held, as asyncio itself holds no task: one that waits for its like could be collected."""
        self._workers = ThreadPoolExecutor(thread_name_prefix="openclaw-io")
        self.loop.set_default_executor(self._workers)
        self.thread = threading.Thread(target=self._main, name="openclaw-core", daemon=True)
        self.thread.start()

    def _make(self, here: asyncio.AbstractEventLoop, coro: Any, **named: Any) -> asyncio.Task[Any]:
        task = self._task_class(coro, loop=here, **named)
        if asyncio.current_task(here) is None:
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)
        return task

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    @property
    def usable(self) -> bool:
        """Whether the thread is alive, in this process."""
        return self.pid == os.getpid() and self.thread.is_alive()

    def start(self, coro: Coroutine[Any, Any, V]) -> Future[V]:
        """Run `coro` here. Its context is empty: what it publishes belongs to no old cell."""
        empty = contextvars.Context()
        return empty.run(asyncio.run_coroutine_threadsafe, coro, self.loop)

    def call_soon(self, call: Callable[[], object]) -> None:
        """Call `call()` on the core thread, in an empty context; from any thread."""
        self.loop.call_soon_threadsafe(call, context=contextvars.Context())

    def call_later(self, seconds: float, call: Callable[[], object]) -> None:
        """Call `call()` after a while, as `call_soon` does; only on the core thread."""
        self.loop.call_later(seconds, call, context=contextvars.Context())

    def offload(self, call: Callable[[], V]) -> Future[V]:
        """Call `call()` on a worker thread, where it may block."""
        return self._workers.submit(call)

    def stop(self) -> None:
        """Cancel what runs, then end the thread and close the loop; 2 s at most."""
        if not self.usable:
            return
        with suppress(FutureTimeout):
            self.start(self._wind_up()).result(_CANCEL_SECONDS + _JOIN_SECONDS / 2)
        self.call_soon(self.loop.stop)
        self.thread.join(_JOIN_SECONDS / 2)
        if not self.thread.is_alive():
            self.loop.close()

    async def _wind_up(self) -> None:
        """Cancel what was begun from outside. What that awaits is its own to stop or to let end."""
        await self._cancelled(set(self._begun), _CANCEL_SECONDS)
        await self._cancelled(asyncio.all_tasks(), _JOIN_SECONDS / 2)
        await self.loop.shutdown_asyncgens()

    @staticmethod
    async def _cancelled(tasks: set[asyncio.Task[Any]], seconds: float) -> None:
        running = {task for task in tasks if not task.done()} - {asyncio.current_task()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=seconds)


_lock = threading.Lock()
_core: CoreLoop | None = None
_exiting = False
_hooks: list[Callable[[], object]] = []


def core() -> CoreLoop:
    """The core loop of this process; the first call starts its thread."""
    global _core  # noqa: PLW0603  # one loop per process is the point
    with _lock:
        if _core is None or not _core.usable:
            if _exiting:
                raise RuntimeError("the interpreter is exiting; no further job can be started")
            if _core is None:
                _register_exit()
            _core = CoreLoop()
        return _core


def start(coro: Coroutine[Any, Any, V]) -> Future[V]:
    """Run `coro` on the core loop."""
    return core().start(coro)


def call_soon(call: Callable[[], object]) -> None:
    """Call `call()` on the core thread."""
    core().call_soon(call)


def on_core_thread() -> bool:
    """Whether the caller is the core thread. Starts nothing."""
    return _core is not None and threading.current_thread() is _core.thread


def on_wait(hook: Callable[[], object]) -> Callable[[], None]:
    """Call `hook()` in the waiting thread every 0.2 s of every wait; returns how to stop that."""
    _hooks.append(hook)

    def stop() -> None:
        with suppress(ValueError):
            _hooks.remove(hook)

    return stop


def run_hooks() -> None:
    """Run the wait hooks once."""
    for hook in tuple(_hooks):
        hook()


async def wake_for(future: asyncio.Future[None]) -> None:
    """Wait on the caller's loop, with the wait hooks.

    ipykernel's interrupt handler cancels the cell and does not wake its loop: the loop must not
    sleep for long. The core thread has neither hooks nor interrupts.
    """
    if on_core_thread():
        await future
    while not future.done():
        await asyncio.wait((future,), timeout=_SLICE_SECONDS if _hooks else _IDLE_SECONDS)
        run_hooks()


async def until(future: Future[Any]) -> None:
    """Wait on the caller's loop until `future` is done. What is cancelled is the wait alone."""
    here = asyncio.get_running_loop()
    woken: asyncio.Future[None] = here.create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    def ended(_: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop that waited was closed
            here.call_soon_threadsafe(wake)

    future.add_done_callback(ended)
    await wake_for(woken)


def wait(future: Future[V], timeout: float | None = None) -> V:
    """Block until `future` is done. Interrupting or timing out leaves its work running.

    Raises:
        TimeoutError: `timeout` seconds passed and the work still runs.
        RuntimeError: called on the core thread, which would wait for itself.
    """
    if on_core_thread():
        raise RuntimeError("waiting on the core thread would wait for ever; use await")
    end = None if timeout is None else time.monotonic() + timeout
    while not future.done():
        left = _SLICE_SECONDS if end is None else min(_SLICE_SECONDS, end - time.monotonic())
        if left <= 0:
            raise TimeoutError(f"still running after {timeout:g} s; it goes on")
        if _exiting:
            raise RuntimeError("the interpreter is exiting; the wait is over")
        with suppress(FutureTimeout, CancelledError):
            future.exception(left)
        run_hooks()
    return future.result()


def _register_exit() -> None:
    # Before the executors' own exit, or a running job meets closed executors and ends as failed.
    # `threading` runs these last in, first out; `atexit` comes after them all.
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_at_exit)


def _at_exit() -> None:
    global _exiting  # noqa: PLW0603
    _exiting = True
    if _core is not None:
        _core.stop()


def _after_fork() -> None:
    """Forget the parent's loop without touching it: both processes hold its descriptors."""
    global _core, _lock  # noqa: PLW0603
    _lock = threading.Lock()
    if _core is not None:
        # Collected, the parent's jobs would run their `finally` blocks here, in the child.
        for parents in (_core, *asyncio.all_tasks(_core.loop)):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(parents))
    _core = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
