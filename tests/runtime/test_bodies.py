"""Bodies byte by byte: what is announced is what comes, and a file is never held whole."""

import asyncio
import base64
import json
import tracemalloc
from email.parser import BytesParser
from email.policy import HTTP

import pytest

from openclaw_nb.core.domain import Blob, Link
from openclaw_nb.core.wire import Call, Inline
from openclaw_nb.runtime.bodies import encode

MIB = 2**20
BYTES = bytes(range(256)) * 13 + b"x"


def blob(data, name="a.png", media_type="image/png"):
    return Blob(media_type=media_type, name=name, size=len(data), data=data)


def on_disk(path, data, media_type="video/mp4"):
    path.write_bytes(data)
    return Blob(media_type=media_type, name=path.name, size=len(data), path=str(path))


def sent(call):
    """The whole body, checked against its announced length."""
    body = encode(call)

    async def collect():
        return [chunk async for chunk in body.stream()]

    whole = b"".join(asyncio.run(collect()))
    assert len(whole) == body.length
    return whole


def post(**content):
    return Call("POST", "/x", **content)


def plain(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def b64(data):
    return base64.b64encode(data).decode()


def test_a_call_without_content_has_no_body():
    assert encode(Call("GET", "/x")) is None


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"prompt": "a heron", "seconds": 5, "audio": True, "seed": None, "scale": 0.5},
        {"prompt": 'quotes " and \\ and \n and été 名前 🦞', "nested": {"list": [1, [2, {}]]}},
        {"prompt": "inline-00000000000000000000000000000000"},
    ],
)
def test_json_is_what_the_standard_library_writes(value):
    assert encode(post(json=value)).media_type == "application/json"
    assert sent(post(json=value)) == plain(value)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 3 * MIB // 4, 3 * MIB // 4 + 1, 2 * MIB + 1])
@pytest.mark.parametrize("place", ["memory", "disk"])
def test_a_blob_in_json_is_its_data_uri(tmp_path, size, place):
    data = (BYTES * (size // len(BYTES) + 1))[:size]
    asset = blob(data) if place == "memory" else on_disk(tmp_path / "a.png", data, "image/png")
    expected = plain({"image": f"data:image/png;base64,{b64(data)}"})
    assert sent(post(json={"image": Inline(asset)})) == expected


def test_base64_alone_has_no_head():
    leaf = Inline(blob(BYTES), "base64")
    assert sent(post(json={"bytes": leaf})) == plain({"bytes": b64(BYTES)})


def test_several_leaves_keep_their_places(tmp_path):
    first, second = blob(b"first"), on_disk(tmp_path / "b.mp4", b"the second")
    value = {
        "prompt": "été",
        "images": [Inline(first), "https://host.example/a.png", Inline(first)],
        "video": {"bytesBase64Encoded": Inline(second, "base64"), "mimeType": "video/mp4"},
        "after": 1,
    }
    uri = f"data:image/png;base64,{b64(b'first')}"
    assert sent(post(json=value)) == plain(
        {
            "prompt": "été",
            "images": [uri, "https://host.example/a.png", uri],
            "video": {"bytesBase64Encoded": b64(b"the second"), "mimeType": "video/mp4"},
            "after": 1,
        }
    )


def test_what_is_no_json_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="bytes cannot be sent as JSON"):
        encode(post(json={"image": b"raw"}))


def parts(call):
    """A form as the standard library's own parser reads it."""
    head = f"content-type: {encode(call).media_type}\r\n\r\n".encode()
    boundary = head.partition(b"boundary=")[2].strip()
    body = sent(call)
    # The boundary is drawn anew for each encoding; take the one that this body has.
    real = body[2:].partition(b"\r\n")[0]
    message = BytesParser(policy=HTTP).parsebytes(head.replace(boundary, real) + body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def test_a_form_is_read_by_a_parser_that_is_not_ours(tmp_path):
    clip = on_disk(tmp_path / "b.mp4", BYTES)
    form = {"prompt": "été 🦞\nsecond line", "image": blob(b"png"), "video": clip, "n": "1"}
    read = parts(post(form=form))
    assert [part[:3] for part in read] == [
        ("prompt", None, "text/plain"),
        ("image", "a.png", "image/png"),
        ("video", "b.mp4", "video/mp4"),
        ("n", None, "text/plain"),
    ]
    assert [part[3] for part in read] == ["été 🦞\nsecond line".encode(), b"png", BYTES, b"1"]


def test_a_form_byte_by_byte():
    body = encode(post(form={"prompt": "hi", "image": blob(b"png")}))

    async def collect():
        return b"".join([chunk async for chunk in body.stream()])

    boundary = body.media_type.removeprefix("multipart/form-data; boundary=")
    assert asyncio.run(collect()).decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nhi\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\npng\r\n"
        f"--{boundary}--\r\n"
    )


def test_a_file_name_cannot_break_out_of_its_header():
    name = 'a"; filename="b\r\nX-Evil: 1.png'
    whole = sent(post(form={"image": blob(b"png", name)}))
    assert b"X-Evil: 1" in whole
    assert b"\r\nX-Evil" not in whole
    assert b'filename="a%22; filename=%22b%0D%0AX-Evil: 1.png"' in whole


def test_an_address_is_no_form_file():
    with pytest.raises(TypeError, match="wants bytes"):
        encode(post(form={"image": Link(url="https://host.example/a.png")}))


@pytest.mark.parametrize("content", ["json", "form"])
def test_a_file_is_streamed_in_pieces_and_never_held_whole(tmp_path, content):
    size = 48 * MIB
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(size)
    large = Blob(media_type="video/mp4", name=path.name, size=size, path=str(path))
    value = {"video": Inline(large)} if content == "json" else {"video": large}
    body = encode(post(**{content: value}))

    async def drain():
        total = largest = 0
        async for chunk in body.stream():
            total, largest = total + len(chunk), max(largest, len(chunk))
        return total, largest

    tracemalloc.start()
    try:
        total, largest = asyncio.run(drain())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == body.length
    assert largest <= MIB
    assert peak < 8 * MIB


def test_a_body_that_is_dropped_half_way_closes_its_file(tmp_path):
    body = encode(post(form={"video": on_disk(tmp_path / "a.mp4", bytes(2 * MIB))}))

    async def half():
        stream = body.stream()
        await anext(stream)
        await anext(stream)
        await stream.aclose()

    asyncio.run(half())  # an open file would be a ResourceWarning, and warnings are errors
