"""Copies of results: to a folder, to a path, never over another file by accident."""

import pytest

from openclaw_nb.errors import InvalidInput
from openclaw_nb.runtime.export import copy_files
from tests.toy import a_video

UNIQUE = "lobster---0f0e0d0c-0000-4000-8000-000000000000.mp4"


@pytest.fixture
def made(tmp_path):
    path = tmp_path / "media" / UNIQUE
    path.parent.mkdir()
    path.write_bytes(b"film")
    return path


def test_into_a_folder_a_file_gets_its_readable_name_and_then_a_number(made, tmp_path):
    folder = f"{tmp_path}/kept/"
    first, second = (copy_files([made], folder)[0] for _ in range(2))
    assert (first.name, second.name) == ("lobster.mp4", "lobster-2.mp4")
    assert first.read_bytes() == second.read_bytes() == made.read_bytes()
    assert copy_files([made], folder, overwrite=True) == (first,)


def test_to_a_path_without_an_extension_the_files_own_is_added(made, tmp_path):
    assert copy_files([made], tmp_path / "new" / "wave") == (tmp_path / "new" / "wave.mp4",)


def test_a_path_that_is_taken_is_refused_unless_it_may_be_replaced(made, tmp_path):
    there = tmp_path / "wave.mp4"
    there.write_bytes(b"dear")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        copy_files([made], there)
    assert there.read_bytes() == b"dear"
    assert copy_files([made], there, overwrite=True)[0].read_bytes() == b"film"


@pytest.mark.parametrize(
    "count, target, said",
    [
        (1, "wave.mov", "says otherwise"),
        (2, "wave.mp4", "2 files"),
        (1, " ", "name a directory"),
        (0, "kept/", "no file"),
    ],
)
def test_what_cannot_take_the_files_is_refused(made, tmp_path, monkeypatch, count, target, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput, match=said):
        copy_files([made] * count, target)
    assert {path.name for path in tmp_path.iterdir()} == {"media"}


def test_nothing_is_left_when_copying_fails(made, tmp_path):
    with pytest.raises(FileNotFoundError):
        copy_files([made.with_name("gone.mp4")], tmp_path / "kept.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["media"]


def test_a_result_saves_itself(made, tmp_path):
    assert a_video(made).save_as(tmp_path) == (tmp_path / "lobster.mp4",)
