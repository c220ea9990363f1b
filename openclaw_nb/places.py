"""Where things are kept on this machine, and that they are their owner's alone, whatever the umask says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where state is kept: `OPENCLAW_STATE_DIR`, else `~/.openclaw`."""
    return Path(environ.get("OPENCLAW_STATE_DIR") or "~/.openclaw").expanduser()


def config_path(environ: Mapping[str, str], home: Path) -> Path:
    """The configuration file: `OPENCLAW_CONFIG_PATH`, else `openclaw.json` in the state directory."""
    named = environ.get("OPENCLAW_CONFIG_PATH")
    return Path(named).expanduser() if named else home / "openclaw.json"


def ledger_path(home: Path) -> Path:
    """The ledger's file in a state directory."""
    return home / "notebook" / "tasks.sqlite"


def make_private(directory: Path) -> None:
    """Make a directory and those above it that are missing; what is there stays as it is.

    Raises OSError.
    """
    if directory.is_dir():
        return
    make_private(directory.parent)
    with suppress(FileExistsError):
        directory.mkdir(mode=_DIRECTORY_MODE)
        directory.chmod(_DIRECTORY_MODE)
    if not directory.is_dir():
        raise NotADirectoryError(f"{directory} is no directory")


def close_to_others(file: Path) -> None:
    """Make `file` when it is missing, and take from others what they may do with it.

    A file of somebody else's stays as it is: whoever opens it is told.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, _FILE_MODE))
        if file.stat().st_mode & 0o777 != _FILE_MODE:
            file.chmod(_FILE_MODE)
