"""Qwen Cloud: Wan through DashScope, whose wire is in `_dashscope`."""

from __future__ import annotations

from openclaw_nb.providers._dashscope import key, provider

PROVIDER = provider(
    "qwen",
    "Qwen Cloud",
    key("QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"),
    # Other names of the same vendor in the original product's list of providers.
    "qwencloud",
    "modelstudio",
    "dashscope",
)
