"""What importing costs, and that every public name is there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import openclaw_nb as oc

HEAVY = (
    "ipywidgets",
    "IPython",
    "mediapy",
    "numpy",
    "matplotlib",
    "httpx",
    "pydantic",
    "av",
    "PIL",
    "aiohttp",
    "anywidget",
    "nest_asyncio",
)


def loaded_by(code: str) -> set[str]:
    """The modules that `code` loads in a process of its own."""
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy_and_no_provider():
    loaded = loaded_by("import openclaw_nb")
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & set(HEAVY)
    assert not {name for name in loaded if name.startswith("openclaw_nb.")}


def test_a_generation_function_loads_neither_the_notebook_nor_numpy():
    loaded = loaded_by("import openclaw_nb\nopenclaw_nb.generate_video")
    tops = {name.partition(".")[0] for name in loaded}
    assert not tops & {"ipywidgets", "IPython", "mediapy", "numpy", "matplotlib", "av", "aiohttp"}
    assert not {name for name in loaded if name.startswith("openclaw_nb.providers.")}
    assert not {name for name in loaded if name.startswith("openclaw_nb.emulator")}


@pytest.mark.parametrize("name", oc.__all__)
def test_every_public_name_resolves_and_is_documented(name):
    value = getattr(oc, name)
    assert value.__doc__
    assert name in dir(oc)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'generate_movie'"):
        oc.generate_movie  # noqa: B018
