"""openclaw_nb at the provider's own pace of polling."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from benchmarks.clients import openclaw


def opened(url: str, folder: Path) -> AbstractAsyncContextManager[openclaw.Client]:
    """As its parent, which polls at once."""
    return openclaw.opened(url, folder, poll_seconds=None)
