"""Content beats the name, the name beats what the sender said."""

import pytest

from openclaw_nb.core.domain import Kind
from openclaw_nb.runtime.media_types import EXTENSIONS, detect, extension_of, kind_of
from tests.rows import rows

ZERO = bytes(64)
HEADS = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "image/gif": b"GIF89a\x01\x00\x01\x00",
    "image/heic": b"\x00\x00\x00\x18ftypheic",
    "image/heif": b"\x00\x00\x00\x18ftypmif1",
    "image/avif": b"\x00\x00\x00\x18ftypavif",
    "audio/ogg": b"OggS\x00\x02" + bytes(22) + b"\x01\x1e\x01vorbis",
    "audio/mpeg": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "audio/flac": b"fLaC\x00\x00\x00\x22",
    "audio/aac": b"\xff\xf1\x50\x80" + ZERO,
    "audio/mp4": b"\x00\x00\x00\x18ftypM4A ",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42",
    "video/quicktime": b"\x00\x00\x00\x14ftypqt  ",
    "video/webm": b"\x1aE\xdf\xa3\x01\x00\x00\x00",
}


@pytest.mark.parametrize(
    "head, name, found",
    [
        *rows(
            "3.4",
            (HEADS["image/png"], "x.jpg", "image/png"),
            (HEADS["video/mp4"], "x.bin", "video/mp4"),
            (HEADS["audio/mp4"], "x.mp4", "audio/mp4"),
            (b"\x00\x01\x02\x03", "x.mp4", "video/mp4"),
            (b"\x00\x01\x02\x03", "x", None),
            (HEADS["video/webm"], "x.webm", "video/webm"),
        ),
        (b"PK\x03\x04\x14\x00\x00\x00", "x.png", "image/png"),
        (b"PK\x03\x04\x14\x00\x00\x00", "x", "application/zip"),
        (b"", "", None),
    ],
)
def test_what_a_file_is(head, name, found):
    assert detect(head, name) == found


@pytest.mark.parametrize("media_type, head", HEADS.items())
def test_the_first_bytes_are_enough(media_type, head):
    assert detect(head) == detect(head + ZERO, "x.txt", "text/plain") == media_type
    assert kind_of(media_type) == media_type.partition("/")[0]


@pytest.mark.parametrize("head", [b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead"])
def test_opus_in_ogg_is_audio(head):
    assert kind_of(detect(head, "x.opus")) is Kind.AUDIO


@pytest.mark.parametrize("head", [b"\xff\xfb\x90\x64" + ZERO, b"\xff\xf3\x40\xc4" + ZERO])
def test_an_mp3_without_a_tag_is_recognised(head):
    assert detect(head, "x.mp3") == "audio/mpeg"


@pytest.mark.parametrize("brand", ["M4A ", "m4b ", "M4P ", "m4r ", "F4A ", "f4b "])
def test_sound_in_an_mp4_container_is_audio(brand):
    assert detect(b"\x00\x00\x00\x18ftyp" + brand.encode()) == "audio/mp4"


@pytest.mark.parametrize("brand", ["isom", "mp41", "avc1", "M4V ", "iso6", "dash"])
def test_every_other_brand_is_video(brand):
    assert detect(b"\x00\x00\x00\x18ftyp" + brand.encode()) == "video/mp4"


@pytest.mark.parametrize(
    "extension, media_type",
    [
        *((extension, media_type) for media_type, extension in EXTENSIONS.items()),
        (".jpeg", "image/jpeg"),
        (".MP4", "video/mp4"),
    ],
)
def test_without_known_bytes_the_extension_says_it(extension, media_type):
    assert detect(b"\x00\x01\x02\x03", f"some.clip{extension}") == media_type


@pytest.mark.parametrize(
    "declared, media_type",
    [
        ("video/mp4", "video/mp4"),
        ("Video/MP4; codecs=avc1", "video/mp4"),
        ("audio/x-wav", "audio/wav"),
        ("audio/mp3", "audio/mpeg"),
        ("image/jpg", "image/jpeg"),
        ("", None),
    ],
)
def test_without_bytes_or_name_the_declared_type_counts(declared, media_type):
    assert detect(b"\x00\x01\x02\x03", "", declared) == media_type


def test_the_name_beats_the_declared_type():
    assert detect(b"\x00\x01\x02\x03", "x.webm", "video/mp4") == "video/webm"


@pytest.mark.parametrize("media_type, extension", EXTENSIONS.items())
def test_every_type_has_its_extension(media_type, extension):
    assert extension_of(media_type) == extension_of(f"{media_type.upper()}; x=y") == extension


def test_a_type_without_extension_has_none():
    assert extension_of("application/x-unheard-of") == ""


@pytest.mark.parametrize("media_type", ["application/zip", "text/html", "", None])
def test_what_is_no_medium_has_no_kind(media_type):
    assert kind_of(media_type) is None
