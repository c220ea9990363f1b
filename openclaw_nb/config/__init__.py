"""Settings and credentials: argument, then environment, then file, then default.

The file is OpenClaw's own `openclaw.json` (JSON5), so that an existing configuration works here.

    import openclaw_nb as oc

    oc.config.set("agents.defaults.videoGenerationModel.primary", "fal/fal-ai/minimax/video-01-live")
    oc.config.get("agents.defaults.videoGenerationModel")
"""

from __future__ import annotations

import os
from pathlib import Path

from openclaw_nb.config import edit
from openclaw_nb.config.credentials import Credential, Keyring, Profiles, stored_profiles
from openclaw_nb.config.files import Loaded, is_on, load, named, resolved
from openclaw_nb.config.reading import no_such_key, read
from openclaw_nb.config.schema import (
    Auth,
    ModelChoice,
    ProviderSettings,
    Settings,
    Tls,
    public_url,
    unsendable,
)
from openclaw_nb.config.shield import without_frames
from openclaw_nb.places import config_path, state_dir

__all__ = [
    "Auth",
    "Credential",
    "Keyring",
    "Loaded",
    "ModelChoice",
    "Profiles",
    "ProviderSettings",
    "Settings",
    "Tls",
    "config_path",
    "get",
    "is_on",
    "load",
    "named",
    "no_such_key",
    "path",
    "public_url",
    "read",
    "resolved",
    "set",
    "state_dir",
    "stored_profiles",
    "unsendable",
    "unset",
    "without_frames",
]


def path() -> Path:
    """The configuration file that this process uses; it may not exist yet."""
    return config_path(os.environ, state_dir(os.environ))


@without_frames
def get(key: str) -> object:
    """What stands at `key` in the file, such as `agents.defaults.mediaMaxMb`; secrets are masked.

    Raises ConfigError when nothing does.
    """
    return edit.get_value(path(), key)


@without_frames
def set(key: str, value: object) -> str:
    """Put `value` at `key` and write the file, if the whole of it is valid then.

    Clients made from now on use it. Returns a note when something is worth knowing, such as lost
    comments; the file as it was stands beside it with the ending `.bak`.

    Raises ConfigError; the file is then as it was.
    """
    return edit.set_value(path(), key, value)


@without_frames
def unset(key: str) -> str:
    """Take out what stands at `key`; as `set`."""
    return edit.unset_value(path(), key)
