"""How fast the emulator renders what it serves: frames per second by size, median of three runs."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from openclaw_nb.emulator.clips import ClipSpec, Clips
