"""Real kernels for tests: run cells, click buttons, interrupt; with any ipykernel."""

import os
import queue
import sys
import time
import tomllib
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from tests.environments import environment

ROOT = Path(__file__).resolve().parents[2]


def python_with(version):
    """The Python of an environment with this ipykernel."""
    if version == "current":
        return sys.executable
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needs = [need for need in needs if not need.startswith("ipykernel")]
    return environment(f"ipykernel-{version}", [f"ipykernel=={version}", *needs])


def manager(python):
    made = KernelManager()
    argv = [python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    made._kernel_spec = KernelSpec(argv=argv, language="python", display_name="test")
    return made


def kernel_env(folder):
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(folder),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


class Kernel:
    """A running kernel and what it said, each message with the time it came."""

    def __init__(self, python, folder):
        self.manager = manager(python)
        self.manager.start_kernel(env=kernel_env(folder), cwd=str(folder))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=30)
        self.heard = []

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def send(self, code):
        """Queue a cell, as Run All does."""
        return self.client.execute(code, stop_on_error=False)

    def until(self, wanted, timeout=15):
        """Listen until a message for which `wanted(message)` is true."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            try:
                message = self.client.get_iopub_msg(timeout=left)
            except queue.Empty:
                break
            self.heard.append(message)
            if wanted(message):
                return message
        raise AssertionError(f"not heard in {timeout} s; {self.summary()}")

    def summary(self):
        return [(m["header"]["msg_type"], str(m["content"])[:200]) for m in self.heard[-12:]]

    def said(self, text):
        return self.until(lambda m: m["msg_type"] == "stream" and text in m["content"]["text"])

    def reply(self, cell, timeout=15):
        """How a cell ended, and when."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            try:
                reply = self.client.get_shell_msg(timeout=left)
            except queue.Empty:
                break
            if reply["parent_header"].get("msg_id") == cell:
                return reply["content"]
        raise AssertionError(f"no reply in {timeout} s")

    def run(self, code, timeout=15):
        """Run a cell to its end; what it printed."""
        cell = self.send(code)
        first = len(self.heard)
        self.until(lambda m: _is_idle(m, cell), timeout)
        reply = self.reply(cell)
        assert reply["status"] == "ok", "\n".join(reply.get("traceback", ()))
        mine = [m for m in self.heard[first:] if m["parent_header"].get("msg_id") == cell]
        return "".join(m["content"]["text"] for m in mine if m["msg_type"] == "stream")

    def button(self):
        """The comm of the card with a Cancel button that was shown last."""
        opened = [
            m["content"]["comm_id"]
            for m in self.heard
            if m["msg_type"] == "comm_open"
            and "cancel" in m["content"]["data"]["state"].get("now", {}).get("offers", ())
        ]
        return opened[-1]

    def click(self, comm_id, subshell=None):
        data = {"method": "custom", "content": {"event": "click"}}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def subshell(self):
        """The id of a new sub-shell; None where there are none."""
        features = self.client.kernel_info(reply=True)["content"].get("supported_features", ())
        if "kernel subshells" not in features:
            return None
        message = self.client.session.msg("create_subshell_request")
        self.client.control_channel.send(message)
        return self.client.get_control_msg(timeout=10)["content"]["subshell_id"]


def _is_idle(message, cell):
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
        and message["parent_header"].get("msg_id") == cell
    )
