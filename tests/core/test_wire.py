import pytest

from openclaw_nb.core.wire import Hosted, Malformed, Reply, hosted_near

BASE = "https://api.example.com/v1/openai"


@pytest.mark.parametrize(
    "url, hosted",
    [
        ("https://cdn.example.com/a.mp4?x=1", Hosted("https://cdn.example.com/a.mp4?x=1")),
        ("https://api.example.com.evil.org/a", Hosted("https://api.example.com.evil.org/a")),
        ("https://api.example.com:444/a", Hosted("https://api.example.com:444/a")),
        ("http://api.example.com/a", Hosted("http://api.example.com/a")),
        ("https://api.example.com/a", Hosted("https://api.example.com/a", keyed=True)),
        ("//cdn.example.com/a", Hosted("https://cdn.example.com/a")),
        ("/a", Hosted("https://api.example.com/a", keyed=True)),
        ("a", Hosted("https://api.example.com/v1/a", keyed=True)),
    ],
)
def test_a_file_needs_the_key_only_at_the_origin_that_was_asked(url, hosted):
    assert hosted_near(Reply(200, {}, b"", "/jobs/1", BASE), url) == hosted


@pytest.mark.parametrize("url", ["ftp://example.com/a", "data:,x", "https://["])
def test_what_is_no_address_is_malformed(url):
    with pytest.raises(Malformed, match="address"):
        hosted_near(Reply(200, {}, b"", "/jobs/1", BASE), url)
