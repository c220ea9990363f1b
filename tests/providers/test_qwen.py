from dataclasses import fields

import pytest

from openclaw_nb.core.candidates import resolve
from openclaw_nb.core.domain import Ref
from openclaw_nb.providers import PROVIDERS, alibaba, qwen


def test_it_differs_from_its_twin_in_name_and_order_of_keys_alone():
    ours, theirs = qwen.PROVIDER, alibaba.PROVIDER
    other = [f.name for f in fields(ours) if getattr(ours, f.name) != getattr(theirs, f.name)]
    assert other == ["id", "label", "key", "aliases"]
    assert ours.key.env == ("QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY")
    assert sorted(ours.key.env) == sorted(theirs.key.env)


@pytest.mark.parametrize("alias", ["qwencloud", "modelstudio", "dashscope", "Qwen"])
def test_other_names_of_the_vendor_are_this_provider(alias):
    found = resolve(f"{alias}/wan2.6-i2v", PROVIDERS)
    assert found.ref == Ref("qwen", "wan2.6-i2v")


def test_a_model_without_a_provider_is_taken_from_the_first_and_the_other_is_named():
    found = resolve("wan2.6-t2v", PROVIDERS)
    assert found.ref == Ref("alibaba", "wan2.6-t2v")
    assert "qwen/wan2.6-t2v" in found.notices[0]
