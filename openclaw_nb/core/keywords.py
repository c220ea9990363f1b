"""Functions that take the tool's parameters as keywords show them: to `?`, to Tab, to editors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from openclaw_nb.core.domain import Medium
from openclaw_nb.core.parameters import Parameter, parameters_of

F = TypeVar("F", bound=Callable[..., Any])

_TYPES = {
    "string": "str | None",
    "strings": "Sequence[object] | None",
    "integer": "float | None",
    "boolean": "bool | None",
    "object": "Mapping[str, object] | None",
}
_REFERENCES = ("image", "video", "audio_ref")
_ELSEWHERE = ("action", "prompt")


def shows_keywords(medium: Medium) -> Callable[[F], F]:
    """`function(prompt, **params)` with each parameter in its signature, in place of `**params`.

    Those of the tool that makes `medium`; `model` comes first among them.
    """
    return lambda function: _with_keywords(function, parameters_of(medium))


def _with_keywords(function: F, parameters: Sequence[Parameter]) -> F:
    signature = inspect.signature(function)
    own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
    known = {each.name for each in own}
    offered = [each for each in parameters if each.snake not in {*known, *_ELSEWHERE}]
    offered.sort(key=lambda each: each.snake != "model")
    before = [each for each in own if each.kind is not each.KEYWORD_ONLY]
    after = [each for each in own if each.kind is each.KEYWORD_ONLY]
    made = signature.replace(parameters=[*before, *map(_keyword, offered), *after])
    function.__signature__ = made  # type: ignore[attr-defined]  # what `inspect` looks for
    return function


def _keyword(parameter: Parameter) -> inspect.Parameter:
    of_any_kind = parameter.snake in _REFERENCES
    return inspect.Parameter(
        parameter.snake,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation="object" if of_any_kind else _TYPES[parameter.type],
    )
