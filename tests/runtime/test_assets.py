"""What a reference may be, and each refusal with its code. Nothing is sent here."""

import base64
import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from openclaw_nb.core.domain import Blob, Kind, Link, Ref, Reference, Request
from openclaw_nb.errors import InvalidInput
from openclaw_nb.runtime.assets import LIMITS, MIB, Loader
from openclaw_nb.runtime.results import SavedFile, Video

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(40)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40)
BYTES = {"image": PNG, "video": MP4, "audio": WAV}
KINDS = list(BYTES)


def load(given, kind="image", role=None, **loader):
    request = Request(prompt="x", **{f"{kind}s": (Reference(given=given, role=role),)})
    media = Loader(**loader).load(request)
    (asset,) = getattr(media, f"{kind}s")
    return asset


def refused(given, kind="image", **loader):
    with pytest.raises(InvalidInput) as refusal:
        load(given, kind, **loader)
    text = str(refusal.value)
    assert refusal.value.param == kind
    assert "Nothing was sent" in text
    assert len(text) < 700
    return refusal.value


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    return path


# forms


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["https://host.example/a.png", "HTTP://host.example:81/a?b=c#d"])
def test_an_address_stays_an_address(kind, url):
    assert load(url, kind, role="first_frame") == Link(url=url, role="first_frame")


@pytest.mark.parametrize("wrapped", ["  {} ", "@{}", "@ {}", " @{} ", "MEDIA:{}", "@MEDIA: {}"])
def test_marks_around_a_reference_are_stripped(png, wrapped):
    assert load(wrapped.format(png)).path == str(png)
    url = "https://host.example/a.png"
    assert load(wrapped.format(url)).url == url


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_stays_on_disk(tmp_path, kind):
    path = tmp_path / "reference.bin"
    path.write_bytes(BYTES[kind])
    asset = load(str(path), kind, role="r")
    assert asset == Blob(
        media_type={"image": "image/png", "video": "video/mp4", "audio": "audio/wav"}[kind],
        name="reference.bin",
        size=len(BYTES[kind]),
        path=str(path),
        role="r",
    )


def test_a_path_object_is_a_file(png):
    assert load(png) == load(str(png))


def test_a_relative_path_is_below_the_working_directory(png):
    assert load(os.path.relpath(png)).path == str(png)


def test_a_home_path_is_expanded():
    missing = refused("~/surely-there-is-no-such-file.png")
    assert missing.code == "not-found"
    assert str(Path.home()) in str(missing)


def test_the_home_of_nobody_is_refused():
    assert refused("~surely-no-such-user/a.png").code == "invalid-path"


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "FILE://{}"])
def test_a_file_url_is_read(png, form):
    assert load(form.format(png)).path == str(png)


@pytest.mark.parametrize("name", ["with space.png", "100%.png", "a%20b.png", "été 名前.png"])
def test_a_file_url_is_decoded_once(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(PNG)
    assert load(path.as_uri()).path == str(path)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://host.example/a.png",
        "s3://bucket/a.png",
        "javascript:alert(1)",
        "gs://a/b.png",
        "media://a",
    ],
)
def test_any_other_scheme_is_refused_with_the_forms_that_are_not(text):
    refusal = refused(text)
    assert text in str(refusal)
    assert "http(s) URL, a file:// URL" in str(refusal)


@pytest.mark.parametrize("drive", [r"C:\clips\a.png", "d:/a.png"])
def test_a_drive_letter_is_no_scheme(drive):
    assert refused(drive).code == "not-found"


@pytest.mark.parametrize("text", ["", "  ", "@", " @ ", "MEDIA:", "@MEDIA: "])
def test_an_empty_entry_is_refused(text):
    assert "empty reference" in str(refused(text))


@pytest.mark.parametrize("url", ["https://", "http://[", "https://a b.example/x", "http:///x"])
def test_an_address_without_a_host_is_refused(url):
    assert "not a usable URL" in str(refused(url))


# data URLs


def data_url(data, media_type="image/png"):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def test_a_data_url_is_an_image_in_hand():
    asset = load(data_url(PNG), role="last_frame")
    assert (asset.data, asset.media_type, asset.size) == (PNG, "image/png", len(PNG))
    assert (asset.name, asset.role, asset.path) == ("reference-image.png", "last_frame", None)


def test_a_data_url_may_have_parameters():
    assert load(data_url(PNG, "image/png;charset=utf-8")).data == PNG


@pytest.mark.parametrize(
    "url, said",
    [
        ("data:image/png,raw", "must look like"),
        ("data:nonsense", "must look like"),
        ("data:text/plain;base64,aGk=", "'text/plain', not an image"),
        ("data:;base64,aGk=", "not an image"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png;base64,!!!", "not base64"),
        ("data:image/png;base64,aGk", "not base64"),
        (data_url(bytes(6 * MIB + 1)), "limit"),
        (data_url(MP4), "video/mp4, not an image"),
    ],
)
def test_each_flaw_of_a_data_url_has_its_own_words(url, said):
    assert said in str(refused(url))


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_data_urls_are_for_images_only(kind):
    assert "data URLs are taken for images" in str(refused(data_url(BYTES[kind]), kind))


# bytes, arrays, pictures, results


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("kind", KINDS)
def test_bytes_are_a_reference(kind, form):
    asset = load(form(BYTES[kind]), kind)
    assert (asset.data, asset.size) == (BYTES[kind], len(BYTES[kind]))


@pytest.mark.parametrize("shape", [(9, 16), (9, 16, 3), (9, 16, 4)])
def test_an_array_is_an_image_with_the_same_pixels(shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    asset = load(array)
    assert asset.media_type == "image/png"
    with Image.open(io.BytesIO(asset.data)) as picture:
        assert np.array_equal(np.asarray(picture), array)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_an_array_that_is_not_uint8_is_refused_and_says_so(dtype):
    assert dtype in str(refused(np.zeros((9, 16, 3), dtype)))


@pytest.mark.parametrize("shape", [(5,), (9, 16, 5), (2, 9, 16, 3), (0, 0, 3), (0, 5)])
def test_an_array_of_another_shape_is_refused(shape):
    assert "no image" in str(refused(np.zeros(shape, np.uint8)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16"])
def test_a_picture_is_an_image(mode):
    assert load(Image.new(mode, (16, 9))).media_type == "image/png"


@pytest.mark.parametrize("mode", ["CMYK", "HSV", "F"])
def test_a_picture_that_png_cannot_hold_is_refused(mode):
    assert "RGB" in str(refused(Image.new(mode, (16, 9))))


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_an_array_is_no_video_and_no_sound(kind):
    assert "ndarray cannot be used" in str(refused(np.zeros((9, 16, 3), np.uint8), kind))


@pytest.mark.parametrize("given", [None, 5, {}, object()])
def test_anything_else_is_refused_with_what_is_allowed(given):
    text = str(refused(given))
    assert type(given).__name__ in text
    assert "numpy array or PIL image" in text


def result(tmp_path, *, kept):
    path = tmp_path / "clip---1.mp4"
    path.write_bytes(MP4)
    file = SavedFile(
        media_type="video/mp4",
        name="clip.mp4",
        path=path if kept else None,
        url="https://host.example/clip.mp4",
    )
    return Video(task_id="1", ref=Ref("a", "b"), request=Request(prompt="x"), files=(file,))


def test_an_earlier_result_is_its_file(tmp_path):
    assert load(result(tmp_path, kept=True), "video").path == str(tmp_path / "clip---1.mp4")


def test_an_earlier_result_that_was_too_large_is_its_address(tmp_path):
    video = result(tmp_path, kept=False)
    assert load(video, "video") == Link(url="https://host.example/clip.mp4")


# sizes


@pytest.mark.parametrize(
    "kind, limit", [("image", 6_291_456), ("audio", 16_777_216), ("video", 16_777_216)]
)
def test_the_limit_is_fine_and_one_byte_more_is_not(tmp_path, kind, limit):
    assert LIMITS[Kind(kind)] == limit
    path = tmp_path / "large"
    path.write_bytes(BYTES[kind])
    os.truncate(path, limit)
    assert load(path, kind).size == limit
    os.truncate(path, limit + 1)
    refusal = refused(path, kind)
    assert refusal.code == "too-large"
    assert f"{limit // MIB} MB" in str(refusal)
    assert "agents.defaults.mediaMaxMb" in str(refusal)


@pytest.mark.parametrize("kind", KINDS)
def test_one_limit_replaces_those_of_all_kinds(kind):
    data = BYTES[kind]
    assert load(data, kind, max_bytes=len(data)).size == len(data)
    assert refused(data, kind, max_bytes=len(data) - 1).code == "too-large"
    large = data + bytes(17 * MIB)
    assert load(large, kind, max_bytes=18 * MIB).size == len(large)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_file_is_refused(tmp_path, kind):
    (tmp_path / "empty.mp4").touch()
    assert "empty" in str(refused(tmp_path / "empty.mp4", kind))
    assert "empty" in str(refused(b"", kind))


# types


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("found", KINDS)
def test_the_content_must_be_of_the_kind_that_was_asked_for(kind, found):
    if kind == found:
        assert load(BYTES[found], kind)
        return
    assert f"is {found}/" in str(refused(BYTES[found], kind))


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_recognised_is_called_unknown(tmp_path, kind):
    (tmp_path / "x").write_bytes(b"\x00\x01\x02\x03")
    assert "unknown" in str(refused(tmp_path / "x", kind))


# files that are not read


def test_a_missing_file_names_the_working_directory(tmp_path):
    refusal = refused(tmp_path / "none.png")
    assert refusal.code == "not-found"
    assert str(Path.cwd()) in str(refusal)


def test_a_directory_is_no_file(tmp_path):
    assert refused(tmp_path).code == "not-file"


def test_a_fifo_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert refused(tmp_path / "pipe.png").code == "not-file"


def test_a_device_and_a_socket_are_refused(tmp_path):
    assert refused("/dev/zero").code == "not-file"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        assert refused(tmp_path / "s").code == "not-file"


@pytest.mark.parametrize("text", [r"\\server\share\a.png", "//server/share/a.png"])
def test_network_paths_are_refused(text):
    assert refused(text).code == "network-path-not-allowed"


def test_a_file_url_of_a_network_path_is_refused():
    assert refused("file:////server/share/a.png").code == "network-path-not-allowed"


@pytest.mark.parametrize("url", ["file://host.example/a.png", "file://", "file:", "file://[/a.png"])
def test_odd_file_urls_are_refused(url):
    assert refused(url).code == "invalid-file-url"


@pytest.mark.parametrize("text", ["a\x00b.png", "x" * 5000])
def test_a_path_that_cannot_be_one_is_refused(text):
    assert refused(text).code == "invalid-path"


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refused(tmp_path / "a").code == "invalid-path"


def test_a_file_without_permission_is_refused(as_nobody):
    png = as_nobody / "a.png"
    png.write_bytes(PNG)
    assert load(png).path == str(png)
    png.chmod(0)
    assert refused(png).code == "permissions-denied"


# allowed roots


def test_by_default_any_regular_file_is_read(png):
    assert load(png).path == str(png)


def test_with_roots_only_what_lies_below_them_is_read(tmp_path, png):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "b.png").write_bytes(PNG)
    assert load(inside / "b.png", allowed_roots=(inside,)).size == len(PNG)
    assert refused(png, allowed_roots=(inside,)).code == "path-not-allowed"
    assert refused(f"{inside}/../a.png", allowed_roots=(inside,)).code == "path-not-allowed"
    assert load(png, allowed_roots=(inside, tmp_path)).path == str(png)


def test_a_neighbour_with_the_same_beginning_is_outside(tmp_path):
    (tmp_path / "root-2").mkdir()
    (tmp_path / "root-2" / "a.png").write_bytes(PNG)
    (tmp_path / "root").mkdir()
    refusal = refused(tmp_path / "root-2" / "a.png", allowed_roots=(tmp_path / "root",))
    assert refusal.code == "path-not-allowed"


def test_a_link_out_of_the_roots_is_refused_and_a_link_inside_is_not(tmp_path, png):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "out.png").symlink_to(png)
    (inside / "b.png").write_bytes(PNG)
    (inside / "in.png").symlink_to(inside / "b.png")
    assert refused(inside / "out.png", allowed_roots=(inside,)).code == "path-not-allowed"
    assert load(inside / "in.png", allowed_roots=(inside,)).path == str(inside / "b.png")


def test_a_root_that_is_itself_a_link_counts_as_what_it_points_to(tmp_path, png):
    (tmp_path / "link").symlink_to(tmp_path)
    assert load(png, allowed_roots=(tmp_path / "link",)).path == str(png)


def test_the_root_of_the_file_system_is_no_root(png):
    assert refused(png, allowed_roots=(Path("/"),)).code == "invalid-root"


# several


def test_references_keep_their_order_roles_and_repetitions(tmp_path, png):
    url = "https://host.example/b.png"
    given = (Reference(given=png, role="first_frame"), Reference(given=url), Reference(given=png))
    media = Loader().load(Request(prompt="x", images=given))
    assert [getattr(asset, "path", None) for asset in media.images] == [str(png), None, str(png)]
    assert [asset.role for asset in media.images] == ["first_frame", None, None]


def test_a_long_value_is_not_repeated_whole():
    refused("ftp://" + "x" * 10_000)


# the media store


def test_a_media_address_is_a_file_of_the_store(tmp_path):
    (tmp_path / "inbound").mkdir()
    (tmp_path / "inbound" / "a b.png").write_bytes(PNG)
    assert load("media://inbound/a%20b.png", media=tmp_path).name == "a b.png"


@pytest.mark.parametrize("path", ["../secret.png", "inbound/../../secret.png", "/etc/passwd"])
def test_a_media_address_leads_nowhere_else(tmp_path, path):
    store = tmp_path / "media"
    store.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    assert refused(f"media://{path}", media=store).code == "path-not-allowed"
