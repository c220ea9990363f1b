"""One file per API. A service is a function from a request to a reply; its state is the `Jobs` it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openclaw_nb.emulator.jobs import Jobs
from openclaw_nb.emulator.wire import Handler

from . import (
    alibaba,
    byteplus,
    byteplus_seedance2,
    byteplus_seedance15,
    comfy,
    deepinfra,
    fal,
    google,
    minimax,
    openai,
    openrouter,
    qwen,
    runway,
    together,
    vydra,
    xai,
)


@dataclass(frozen=True, slots=True)
class Service:
    """How a provider is served."""

    make: Callable[[Jobs], Handler]
    new_id: Callable[[], str]
    """What its job ids look like."""
    version_path: str = ""
    """Where the provider's base URL includes a version (contract index, 3.12)."""
    status_words: bool = True
    """False: a job of the default model has no status word, so it shows no unknown one either."""
    hosts: tuple[str, ...] = ()
    """Further hosts of the provider whose paths mean something else than on its main one."""


SERVICES: dict[str, Service] = {
    "alibaba": Service(alibaba.service, alibaba.new_id),
    "byteplus": Service(byteplus.service, byteplus.new_id, "/api/v3"),
    "byteplus-seedance15": Service(
        byteplus_seedance15.service, byteplus_seedance15.new_id, "/api/v3"
    ),
    "byteplus-seedance2": Service(byteplus_seedance2.service, byteplus_seedance2.new_id, "/api/v3"),
    "comfy": Service(comfy.service, comfy.new_id),
    "deepinfra": Service(deepinfra.service, deepinfra.new_id, "/v1/openai"),
    "fal": Service(fal.service, fal.new_id, hosts=(fal.RUN_HOST,)),
    "google": Service(google.service, google.new_id, status_words=False),
    "minimax": Service(minimax.service, minimax.new_id),
    "minimax-portal": Service(minimax.service, minimax.new_id),
    "openai": Service(openai.service, openai.new_id, "/v1"),
    "openrouter": Service(openrouter.service, openrouter.new_id, "/api/v1"),
    "qwen": Service(qwen.service, qwen.new_id),
    "runway": Service(runway.service, runway.new_id),
    "together": Service(together.service, together.new_id, "/v2"),
    "vydra": Service(vydra.service, vydra.new_id, "/api/v1"),
    "xai": Service(xai.service, xai.new_id, "/v1"),
}
"""By provider id."""
