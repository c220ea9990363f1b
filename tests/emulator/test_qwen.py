"""DashScope as Qwen Cloud: the same service, with tasks of its own."""

import dashscope
import httpx
import pytest
from dashscope import VideoSynthesis

from openclaw_nb.emulator import Scenario


@pytest.fixture
def sdk(emulator, monkeypatch):
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{emulator.base_urls['qwen']}/api/v1")
    monkeypatch.setattr(dashscope, "api_key", "k")
    return VideoSynthesis


def test_dashscope_makes_a_video_here_too(emulator, sdk):
    emulator.set(Scenario(polls=1, render="draft"))
    done = sdk.call(model="wan2.6-t2v", prompt="a heron")
    assert httpx.get(done.output.video_url, trust_env=False).content[4:8] == b"ftyp"
    assert [entry.provider for entry in emulator.jobs] == ["qwen"]


def test_a_task_of_the_one_is_unknown_to_the_other(emulator, sdk, monkeypatch):
    id = sdk.async_call(model="wan2.6-t2v", prompt="a heron").output.task_id
    assert sdk.fetch(id).output.task_status == "PENDING"
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{emulator.base_urls['alibaba']}/api/v1")
    assert sdk.fetch(id).output.task_status == "UNKNOWN"
