import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_nb.core.domain import Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import Reply
from tests.rows import rows

OPENING = "the provider said: "


@pytest.mark.parametrize(
    "status, text, why",
    [
        *rows(
            "6.5",
            (401, "anything", Why.AUTH),
            (402, "anything", Why.BILLING),
            (429, "anything", Why.RATE_LIMIT),
            (404, "anything", Why.MODEL_NOT_FOUND),
            (400, "moderation", Why.CONTENT_POLICY),
            (408, "anything", Why.TIMEOUT),
            (503, "anything", Why.OVERLOADED),
            (502, "anything", Why.SERVER_ERROR),
            (422, "anything", Why.FORMAT),
            (418, "anything", Why.UNKNOWN),
        ),
        (401, "", Why.AUTH),
        (403, "", Why.AUTH),
        (403, "your credit balance is too low", Why.AUTH),
        (402, "", Why.BILLING),
        (None, "Billing hard limit has been reached", Why.BILLING),
        (400, "Insufficient credits", Why.BILLING),
        (400, "insufficient_balance", Why.BILLING),
        (400, "Payment required", Why.BILLING),
        (429, "You have no credit left", Why.BILLING),
        (502, "error in the load balancer", Why.SERVER_ERROR),
        (429, "", Why.RATE_LIMIT),
        (None, "Rate limit exceeded", Why.RATE_LIMIT),
        (400, "rate-limited", Why.RATE_LIMIT),
        (400, "quota exhausted", Why.RATE_LIMIT),
        (404, "quota exhausted", Why.RATE_LIMIT),
        (404, "", Why.MODEL_NOT_FOUND),
        (404, "see our usage policy", Why.MODEL_NOT_FOUND),
        (400, "Unknown model: sora-9", Why.MODEL_NOT_FOUND),
        (None, "The model `sora-9` does not exist", Why.MODEL_NOT_FOUND),
        (400, "Model gen9 not found", Why.MODEL_NOT_FOUND),
        (400, "rejected by the safety system", Why.CONTENT_POLICY),
        (422, "moderation_blocked", Why.CONTENT_POLICY),
        (500, "violates our content policy", Why.CONTENT_POLICY),
        (408, "", Why.TIMEOUT),
        (408, "overloaded", Why.TIMEOUT),
        (503, "", Why.OVERLOADED),
        (529, "", Why.OVERLOADED),
        (500, "the engine is overloaded", Why.OVERLOADED),
        (None, "Overloaded", Why.OVERLOADED),
        (500, "", Why.SERVER_ERROR),
        (502, "", Why.SERVER_ERROR),
        (599, "", Why.SERVER_ERROR),
        (400, "", Why.FORMAT),
        (422, "", Why.FORMAT),
        (413, "", Why.FORMAT),
        (409, "", Why.UNKNOWN),
        (200, "", Why.UNKNOWN),
        (None, "", Why.UNKNOWN),
        (600, "", Why.UNKNOWN),
    ],
)
def test_the_first_condition_that_fits_gives_the_class(status, text, why):
    assert classify(status, OPENING + text) is why


def reply(body, status=400, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, data)


@pytest.mark.parametrize(
    "body, sentence",
    [
        ({"error": "no"}, "no"),
        ({"error": {"message": " no "}}, "no"),
        ({"error": {"detail": "no"}}, "no"),
        ({"detail": "no"}, "no"),
        (
            {"detail": [{"loc": ["body", "prompt"], "msg": "too long"}, {"msg": "no"}]},
            "prompt: too long; no",
        ),
        ({"detail": {"error": "no"}}, "no"),
        ({"detail": {"message": "no"}}, "no"),
        ({"message": "no"}, "no"),
        ({"base_resp": {"status_msg": "no"}}, "no"),
        ({"failure": "no"}, "no"),
        ({"failure": {"message": "no"}}, "no"),
        ([{"error": {"message": "no"}}], "no"),
        (b"<html>Bad Gateway", "<html>Bad Gateway"),
        (b"", "HTTP 400 with an empty body"),
        ({"error": ""}, '{"error": ""}'),
    ],
    ids=repr,
)
def test_the_provider_s_own_sentence_is_found(body, sentence):
    assert said(reply(body)) == sentence


@pytest.mark.parametrize("header", ["x_request_id", "x_fal_request_id", "trace_id", "request_id"])
def test_a_refusal_carries_what_support_asks_for(header):
    found = refusal(reply({"error": "Insufficient credits"}, 429, **{header: "r-1"}), code="E7")
    assert (found.why, found.said, found.code) == (Why.BILLING, "Insufficient credits", "E7")
    assert (found.status, found.request_id) == (429, "r-1")


@given(st.integers(100, 600), st.binary(max_size=200))
def test_any_body_gives_a_sentence(status, body):
    assert refusal(Reply(status, {}, body)).said


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "loc", "base_resp", "failure"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_shape_gives_a_sentence(body):
    assert said(reply(body))
