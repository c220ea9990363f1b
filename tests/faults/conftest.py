"""A client that reaches the emulator through a server that spoils answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint
from tests.conftest import Hurry
from tests.faults.middle import Middle


@pytest.fixture
def middle(emulator):
    between = Middle(emulator.url)
    yield between
    between.close()


@pytest.fixture
def reaching(make_client) -> Callable[..., oc.Client]:
    """A client for fal at an address; its pauses are short."""

    def make(url: str, **options) -> oc.Client:
        endpoints = {"fal": Endpoint(f"{url}/fal", "key-of-fal", 0.01)}
        return make_client(endpoints=endpoints, clock=Hurry(), **options)

    return make


@pytest.fixture
def client(reaching, middle) -> oc.Client:
    return reaching(middle.url)
