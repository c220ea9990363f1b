"""Qwen Cloud: DashScope, which is in `_dashscope`."""

from __future__ import annotations

from ._dashscope import new_id, service

__all__ = ["new_id", "service"]
