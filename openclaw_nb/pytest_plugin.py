"""The pytest plugin: tests and notebooks on the emulator. It loads nothing of the package until a test wants it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from openclaw_nb.api import Emulation
    from openclaw_nb.emulator import Scenario
    from openclaw_nb.isolation import Place

_POLL_SECONDS = 0.01
_LONGEST_NAME = 100
_folder: pytest.StashKey[Path] = pytest.StashKey()
_place: pytest.StashKey[Place] = pytest.StashKey()
_emulated: pytest.StashKey[bool] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--openclaw-emulate`, `--openclaw-out`, and the settings of the same names."""
    group = parser.getgroup("openclaw_nb")
    emulate = "run every test and notebook on openclaw_nb's emulator, with a state of its own and without keys"
    out = "keep what every test makes, in a folder of its own below this one"
    group.addoption("--openclaw-emulate", action="store_true", help=emulate)
    group.addoption("--openclaw-out", metavar="DIR", help=out)
    parser.addini("openclaw_emulate", emulate, type="bool", default=False)
    parser.addini("openclaw_out", f"{out} (relative to this file)", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """What runs while tests are collected is emulated, too."""
    if _is_asked_for(config):
        from openclaw_nb.isolation import Place, at

        folder = _session_folder(config)
        stay = ExitStack()
        config.add_cleanup(stay.close)
        stay.enter_context(at(Place(folder / "state", folder / "media")))
        config.stash[_emulated] = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Around fixtures, test and notebook alike: a kernel inherits the environment."""
    if not item.config.stash.get(_emulated, False):
        return (yield)
    from openclaw_nb.isolation import alone_at

    with _place_of(item) as place, alone_at(place):
        return (yield)


def _is_asked_for(config: pytest.Config) -> bool:
    if not (config.getoption("openclaw_emulate") or config.getini("openclaw_emulate")):
        return False
    from openclaw_nb.isolation import is_live

    return not is_live()


@contextmanager
def _place_of(item: pytest.Item) -> Generator[Place]:
    """The item's own place, which it may have already."""
    from openclaw_nb.isolation import Place

    if _place in item.stash:
        yield item.stash[_place]
        return
    here = Path(tempfile.mkdtemp(dir=_session_folder(item.config)))
    out = _out(item.config)
    media = out / _file_name(item.nodeid) if out else here / "media"
    item.stash[_place] = Place(here / "state", media)
    try:
        yield item.stash[_place]
    finally:
        del item.stash[_place]


def _session_folder(config: pytest.Config) -> Path:
    """For all tests of this process; gone at its end."""
    if _folder not in config.stash:
        folder = tempfile.TemporaryDirectory(prefix="openclaw-tests-")
        config.add_cleanup(folder.cleanup)
        config.stash[_folder] = Path(folder.name)
    return config.stash[_folder]


def _out(config: pytest.Config) -> Path | None:
    named: str | None = config.getoption("openclaw_out")
    if named is not None:
        return config.invocation_params.dir / named
    configured: list[Path] = config.getini("openclaw_out")
    return configured[0] if configured else None


def _file_name(id: str) -> str:
    return re.sub(r"[^\w.]+", "-", id).strip("-")[-_LONGEST_NAME:]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows the tasks of its test."""
    report = yield
    if report.failed and _place in item.stash and (text := item.stash[_place].report()):
        report.sections.append(("openclaw_nb", text))
    return report


@pytest.fixture
def openclaw_scenario() -> Scenario | dict[str, Scenario] | None:
    """How jobs go in `openclaw_emulator`, for all providers or by id; override it, or parametrise it."""
    return None


@pytest.fixture
def openclaw_emulator(
    request: pytest.FixtureRequest,
    openclaw_scenario: Scenario | dict[str, Scenario] | None,
) -> Generator[Emulation]:
    """The default client on an emulator of this test's own: no key, no network, own state and files.

    `.jobs` lists what was submitted, `.set(...)` says how jobs go from now on, `.base_urls` has the
    address of each provider for other clients, `.client` is the client.
    """
    from openclaw_nb.api import emulating
    from openclaw_nb.emulator import Emulator
    from openclaw_nb.isolation import at

    emulator, node = Emulator(openclaw_scenario), request.node
    with _place_of(node) as place, at(place), emulating(emulator, _POLL_SECONDS) as emulation:
        yield emulation
