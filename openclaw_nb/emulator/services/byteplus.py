"""ModelArk for an account that uses Seedance 1.0. Every account reaches every model."""

from __future__ import annotations

from openclaw_nb.emulator.jobs import Jobs
from openclaw_nb.emulator.wire import Handler

from ._modelark import new_id, serving

__all__ = ["new_id", "service"]


def service(jobs: Jobs) -> Handler:
    """ModelArk on this machine."""
    return serving(jobs, endpoint="seedance-1-0-pro-250528")
