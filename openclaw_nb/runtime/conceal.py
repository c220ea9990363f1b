"""What a provider says, without the keys that were sent to it: some repeat them in their errors."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

MASK = "********"
_SHORTEST = 16
"""What is shorter may be a word that an answer holds by chance; no vendor's key is."""


def concealed(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, however JSON, an address or base64 writes them."""
    return concealed_bytes(text.encode("utf-8", "surrogateescape"), secrets).decode(
        "utf-8", "surrogateescape"
    )


def concealed_bytes(data: bytes, secrets: Iterable[str]) -> bytes:
    """The same for bytes; they are copied only when there is something to conceal."""
    for secret in secrets:
        for form in _forms(secret):
            data = data.replace(form, MASK.encode()) if form in data else data
    return data


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[bytes, ...]:
    """Every way of writing a secret, longest first; most keys have but two."""
    if len(secret) < _SHORTEST:
        return ()
    escaped, quoted = json.dumps(secret)[1:-1], quote(secret, safe="")
    forms = {secret, escaped, escaped.replace("/", "\\/"), quoted, quoted.lower()}
    forms.add(b64encode(secret.encode()).decode())
    return tuple(sorted((form.encode() for form in forms), key=len, reverse=True))
