"""How fast the emulator renders what it serves: frames per second by size, median of three runs."""

from __future__ import annotations

import statistics
import time

from openclaw_nb.emulator.clips import ClipSpec, Studio

SECONDS, FPS = 4, 24
SIZES = ((854, 480), (1280, 720), (1366, 768), (1920, 1080))


def frames_per_second(studio: Studio, width: int, height: int, run: int) -> float:
    """One fresh render; the prompt differs each time, as identical requests are rendered once."""
    prompt = f"benchmark {run}"
    spec = ClipSpec(
        width=width, height=height, seconds=SECONDS, fps=FPS, provider="-", model="-", prompt=prompt
    )
    started = time.perf_counter()
    studio.order(spec).result()
    return SECONDS * FPS / (time.perf_counter() - started)


def main() -> None:
    """Print one line a size."""
    studio = Studio()
    frames_per_second(studio, 320, 240, -1)  # imports
    for width, height in SIZES:
        runs = [frames_per_second(studio, width, height, run) for run in range(3)]
        print(
            f"{width}x{height}: {statistics.median(runs):.0f} frames/s ({min(runs):.0f} to {max(runs):.0f})"
        )
    studio.close()


if __name__ == "__main__":
    main()
