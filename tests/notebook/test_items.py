"""What may be compared: which results are read, how they are called, and what is refused."""

import wave

import pytest
from PIL import Image

import openclaw_nb as oc
from openclaw_nb.core.domain import Kind, Ref, Request
from openclaw_nb.errors import InvalidInput, OpenclawError
from openclaw_nb.notebook.items import one_kind, read_items
from tests.notebook.films import film
from tests.toy import FOR_EVER, Job, a_video

VEO = Ref("google", "veo-3.1")
SORA = Ref("openai", "sora-2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("media")
    for name in ("a", "b", "c"):
        film(made / f"{name}.mp4", width=96, height=54, seconds=1)
    Image.new("RGB", (40, 30), "red").save(made / "red.png")
    with wave.open(str(made / "hum.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 8000, "NONE", ""))
        sound.writeframes(bytes(16000))
    return made


@pytest.fixture
def a(folder):
    return folder / "a.mp4"


def labels(*results, **options):
    return [item.label for item in read_items(results, options.get("labels"))]


def refused(*results, **options):
    with pytest.raises(InvalidInput) as said:
        read_items(results, options.get("labels"))
    return str(said.value)


def test_results_tasks_paths_and_lists_of_them_are_read_in_their_order(folder):
    done = Job(outcome=a_video(folder / "b.mp4")).start()
    done.result(10)
    items = read_items([str(folder / "a.mp4"), [done], iter([a_video(folder / "c.mp4")])])
    assert [item.path.name for item in items] == ["a.mp4", "b.mp4", "c.mp4"]
    assert [item.result is not None for item in items] == [False, True, True]


def test_models_name_results_where_they_tell_them_apart(a):
    assert labels(a_video(a, ref=VEO), a_video(a, ref=SORA)) == [str(VEO), str(SORA)]


def test_prompts_name_results_of_the_same_model(a):
    boats, kites = (a_video(a, request=Request(prompt=text)) for text in ("boats", "kites"))
    assert labels(boats, kites) == ["boats", "kites"]


def test_file_names_tell_apart_what_models_and_prompts_do_not(folder):
    twice = [a_video(folder / f"{name}.mp4", ref=VEO) for name in "ab"]
    assert labels(*twice) == ["google/veo-3.1 · a.mp4", "google/veo-3.1 · b.mp4"]
    assert labels(folder / "a.mp4", folder / "b.mp4") == ["a.mp4", "b.mp4"]


def test_labels_are_given_as_a_list_or_as_the_keys_of_a_mapping(folder):
    two = [folder / "a.mp4", folder / "b.mp4"]
    assert labels(two, labels=["before", "after"]) == ["before", "after"]
    assert labels({"before": two[0], "after": two[1]}) == ["before", "after"]


def test_every_file_of_a_result_is_an_item_of_its_own(folder):
    whole = a_video(folder / "a.mp4")
    both = a_video(None, files=(*whole.files, *a_video(folder / "b.mp4").files))
    assert labels(both, labels=["boats"]) == ["boats (1 of 2)", "boats (2 of 2)"]


def test_a_label_is_one_line_of_readable_length(a):
    (label,) = labels(a, labels=["two\nlines " + "x" * 500])
    assert label.startswith("two lines x")
    assert len(label) == 120


def test_the_kind_is_told_by_the_file_and_not_by_its_name(folder, tmp_path):
    liar = tmp_path / "clip.png"
    liar.write_bytes((folder / "a.mp4").read_bytes())
    items = read_items([liar, folder / "red.png", folder / "hum.wav"])
    assert [item.kind for item in items] == [Kind.VIDEO, Kind.IMAGE, Kind.AUDIO]


@pytest.mark.parametrize(
    ("name", "facts"),
    [("a.mp4", "1.0 s · 96×54 · 24 fps"), ("red.png", "40×30 · PNG"), ("hum.wav", "1.0 s · 8 kHz")],
)
def test_every_kind_has_its_facts(folder, name, facts):
    (item,) = read_items([folder / name])
    assert item.facts.startswith(facts)


@pytest.mark.parametrize("nothing", [(), ([],), ({},), (iter(()),)])
def test_nothing_is_refused(nothing):
    assert "nothing was given" in refused(*nothing)


def test_a_task_that_still_runs_is_refused():
    running = Job(seconds=FOR_EVER).start()
    try:
        told = refused([running])
    finally:
        running.cancel()
    assert told.startswith("results[0]: task 1a2b3c4d is still ")
    assert "await it first" in told


def test_a_task_that_failed_is_refused_with_its_error_and_a_way_out(a):
    failed = Job(outcome=OpenclawError("the prompt was refused")).start()
    with pytest.raises(OpenclawError):
        failed.result(10)
    told = refused(a, failed)
    assert told.startswith("results[1]: task 1a2b3c4d has no result, it is failed: the prompt was")
    assert 'task.state == "succeeded"' in told


def test_a_result_that_was_too_large_to_keep_is_refused():
    assert "too large to be saved" in refused(a_video(None))


def test_a_file_that_is_missing_is_named(tmp_path):
    told = refused(tmp_path / "gone.mp4")
    assert "gone.mp4" in told
    assert "No such file" in told


def test_a_folder_and_a_text_are_no_media(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert "cannot read" in refused(tmp_path)
    assert "no video, image or audio file" in refused(tmp_path / "notes.txt")


@pytest.mark.parametrize("wrong", [7, None, b"\0\0\0\x18ftyp"])
def test_other_things_are_refused_with_what_is_taken(wrong):
    assert "a result, a finished task or the path" in refused(wrong)


@pytest.mark.parametrize("wrong", [["one"], ["one", "two", "three"], "ab"])
def test_labels_are_one_for_each_result(folder, wrong):
    told = refused(folder / "a.mp4", folder / "b.mp4", labels=wrong)
    assert told.startswith("labels: give 2, one for each result")


def test_several_kinds_at_once_are_refused_with_their_numbers(folder):
    items = read_items([folder / "a.mp4", folder / "b.mp4", folder / "red.png"])
    with pytest.raises(InvalidInput, match=r"2 video, 1 image\. gallery\(results\)"):
        one_kind(items)


def test_a_comparison_takes_two_to_sixteen(a):
    with pytest.raises(InvalidInput, match="two or more are compared, got 1"):
        oc.compare(a)
    with pytest.raises(InvalidInput, match=r"at most 16 .* got 100.*gallery"):
        oc.compare([a] * 100)
    assert len(oc.compare([a] * 16).labels) == 16


def test_a_gallery_takes_one_to_four_hundred_of_any_kind(folder):
    assert oc.gallery(folder / "a.mp4", folder / "red.png", folder / "hum.wav").labels == (
        "a.mp4",
        "red.png",
        "hum.wav",
    )
    with pytest.raises(InvalidInput, match="at most 400 are shown, got 401"):
        oc.gallery([folder / "a.mp4"] * 401)
