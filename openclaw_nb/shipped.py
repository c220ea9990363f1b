"""Where the notebooks are that come with the package."""

from __future__ import annotations

from pathlib import Path

from openclaw_nb.errors import OpenclawError


def notebooks() -> Path:
    """The shipped notebooks: inside the installed package, or beside it in a clone."""
    here = Path(__file__).parent
    for folder in (here / "notebooks", here.parent / "notebooks"):
        if (folder / "quickstart.ipynb").is_file():
            return folder
    raise OpenclawError("the notebooks are missing from this installation; install it again")
