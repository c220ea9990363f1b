"""Alibaba Model Studio: Wan through DashScope, whose wire is in `_dashscope`."""

from __future__ import annotations

from openclaw_nb.providers._dashscope import key, provider

PROVIDER = provider(
    "alibaba",
    "Alibaba Model Studio",
    key("MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY", "QWEN_API_KEY"),
)
