"""An emulator, a server, a ledger."""

import asyncio

import pytest

from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.store import Store


@pytest.fixture(scope="session")
def one_emulator():
    with Emulator(Scenario(render="draft")) as emulator:
        yield emulator


@pytest.fixture
def emulator(one_emulator):
    """Empty, and everything goes well."""
    one_emulator.set(Scenario(render="draft"))
    one_emulator.reset()
    return one_emulator


@pytest.fixture
def play(emulator):
    """How things go from now on."""
    return lambda **plays: emulator.set(Scenario(render="draft", **plays))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "media", 16 * 2**20)


@pytest.fixture
def ledger(tmp_path):
    ledger = Ledger(tmp_path / "notebook" / "tasks.sqlite")
    yield ledger
    asyncio.run(ledger.close())
