"""The form in a real JupyterLab, with mouse, keyboard and files."""

import hashlib
import io

import pytest
from PIL import Image

from tests.browser.server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FORM = """
import openclaw_nb as oc
{before}
studio = oc.Studio({arguments})
studio
"""
DROP = """([data, name, type, selector]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const target = document.querySelector(selector);
    for (const kind of ['dragenter', 'dragover', 'drop']) {
        target.dispatchEvent(new DragEvent(kind,
            { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
}"""
DROP_NOISE = """([mebibytes, name, type, selector]) => {
    const part = new Uint8Array(1048576);
    for (let i = 0; i < part.length; i++) part[i] = (i * 31 + (i >> 8)) & 255;
    const parts = [new Uint8Array([0, 0, 0, 24, 102, 116, 121, 112, 105, 115, 111, 109])];
    for (let i = 0; i < mebibytes; i++) parts.push(part);
    const transfer = new DataTransfer();
    transfer.items.add(new File(parts, name, { type }));
    document.querySelector(selector).dispatchEvent(new DragEvent('drop',
        { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
ZONE = ".ocs-drop"


def a_photo():
    from base64 import b64encode

    out = io.BytesIO()
    Image.new("RGB", (1280, 720), (200, 60, 40)).save(out, "PNG")
    return b64encode(out.getvalue()).decode()


@pytest.fixture
def form(lab):
    """Opens a form with these arguments; further cells follow it."""

    def opened(arguments="", *cells, before=""):
        lab.write("studio.ipynb", FORM.format(arguments=arguments, before=before), *cells)
        lab.page.set_default_timeout(120_000)
        lab.open("studio.ipynb")
        lab.run(0)
        lab.page.wait_for_selector(".ocs-drop-choose")
        return lab

    return opened


def said(lab, index):
    """What a cell printed."""
    return lab.output(index).locator("pre").first.inner_text()


def test_a_form_is_filled_and_makes_a_video(form):
    lab = form("", "print(studio.request)")
    page = lab.page
    page.get_by_label("Prompt").fill("the rocket climbs")
    page.evaluate(DROP, [a_photo(), "rocket.png", "image/png", ZONE])
    page.wait_for_selector(".ocs-thumb")
    assert page.get_by_label("image-to-video").is_checked()
    page.get_by_label("Provider").select_option(label="MiniMax · emulator")
    plan = page.locator(".ocs-plan")
    plan.get_by_text("minimax/MiniMax-Hailuo-2.3").first.wait_for()
    plan.get_by_text("1 image", exact=False).first.wait_for()
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("progressbar").first.wait_for()
    player = page.locator(".ocs-results video").first
    player.wait_for()
    player.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function(
        "video => video.readyState >= 2 && video.currentTime > 0.3", arg=player.element_handle()
    )
    lab.run(1)
    assert "'model': 'minimax/MiniMax-Hailuo-2.3'" in said(lab, 1)
    assert lab.complaints == []


def test_30_mib_arrive_on_a_default_server(form):
    # A cell of its own raises the limit of the core: the server's is what is looked at.
    lab = form(
        "client=oc.Client({'agents': {'defaults': {'mediaMaxMb': 64}}})",
        "import hashlib, pathlib\npath = pathlib.Path(studio.request['videos'][0])\n"
        "print(path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())",
    )
    lab.page.evaluate(DROP_NOISE, [30, "noise.mp4", "video/mp4", ZONE])
    lab.page.wait_for_selector(".ocs-upload progress")
    lab.page.wait_for_selector(".ocs-thumb")
    part = bytes((i * 31 + (i >> 8)) & 255 for i in range(1_048_576))
    data = bytes([0, 0, 0, 24]) + b"ftypisom" + part * 30
    lab.run(1)
    assert said(lab, 1).split() == [str(len(data)), hashlib.sha256(data).hexdigest()]
    assert lab.complaints == []


def test_files_that_cannot_be_used_are_refused_in_words(form):
    lab = form("")
    lab.page.evaluate(DROP_NOISE, [30, "noise.mp4", "video/mp4", ZONE])
    lab.page.get_by_role("alert").filter(has_text="the limit is 16 MB").wait_for()
    lab.page.evaluate(DROP, ["aGVsbG8=", "notes.txt", "text/plain", ZONE])
    lab.page.get_by_role("alert").filter(has_text="is text/plain").wait_for()
    lab.page.get_by_label("Dismiss the message about notes.txt").click()
    assert lab.page.get_by_role("alert").filter(has_text="is text/plain").count() == 0
    assert lab.page.locator(".ocs-thumb").count() == 0


def test_several_files_by_the_chooser_and_an_address_by_paste(form, tmp_path):
    lab = form("", "print(len(studio.request['images']))")
    for name in ("a.png", "b.png"):
        Image.new("RGB", (640, 360), (40, 90, ord(name[0]))).save(tmp_path / name)
    with lab.page.expect_file_chooser() as choosing:
        lab.page.get_by_role("button", name="choose files").click()
    choosing.value.set_files([tmp_path / "a.png", tmp_path / "b.png"])
    lab.page.wait_for_function("() => document.querySelectorAll('.ocs-card').length === 2")
    lab.page.evaluate(
        """selector => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', 'https://example.com/c.png');
        document.querySelector(selector).dispatchEvent(new ClipboardEvent('paste',
            { clipboardData, bubbles: true, cancelable: true }));
    }""",
        ".ocs-drop-choose",
    )
    lab.page.wait_for_function("() => document.querySelectorAll('.ocs-card').length === 3")
    lab.run(1)
    assert said(lab, 1).strip() == "3"


def test_cancel_works_while_a_cell_is_busy(form):
    lab = form(
        "prompt='a heron lands'",
        "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: sum(range(1000))",
        "print(studio.task.state)",
        before="from openclaw_nb.emulator import Scenario\noc.emulate(Scenario(polls=10_000))",
    )
    lab.page.get_by_role("button", name="Generate").click()
    lab.page.get_by_role("button", name="Cancel").wait_for()
    lab.start(1)
    lab.page.get_by_role("button", name="Cancel").click()
    lab.page.locator(".ocs-results").get_by_text("Cancelled").first.wait_for(timeout=15_000)
    lab.wait_ran(1)
    lab.run(2)
    assert said(lab, 2).strip() == "cancelled"


def test_keys_in_the_form_are_not_the_notebooks(form):
    lab = form("prompt='x'", "1 + 1")
    count = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    cells = lab.page.evaluate(count)
    for target in (
        ".ocs-go",
        ".ocs-drop-choose",
        ".widget-radio-box input",
        ".noUi-handle",
        "select",
    ):
        lab.page.locator(f".ocs-form {target}").first.focus()
        lab.page.keyboard.press("d")
        lab.page.keyboard.press("d")
        lab.page.keyboard.press("x")
    assert lab.page.evaluate(count) == cells


def test_the_form_can_be_used_with_the_keyboard_alone(form):
    lab = form("prompt='x', model='minimax/MiniMax-Hailuo-2.3'", "print(studio.request)")
    page = lab.page
    page.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".widget-readout", has_text="6 s").wait_for()
    page.get_by_label("text-to-video").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("image-to-video needs a reference image").wait_for()
    page.get_by_role("button", name="Follow the references").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".ocs-go:enabled")
    page.get_by_role("button", name="Generate").focus()
    page.keyboard.press("Enter")
    page.locator(".ocs-results video").first.wait_for()
    lab.run(1)
    assert "'duration_seconds': 6" in said(lab, 1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_is_accessible_in_both_themes(form, theme):
    lab = form(
        "prompt='the rocket climbs', model='google/veo-3.1-fast-generate-preview', resolution='4K',"
        f"duration_seconds=5, images=[{str(ROOT / 'notebooks/assets/rocket.jpg')!r}]"
    )
    lab.theme(theme)
    assert lab.violations(".ocs-studio") == []
    for width in (1280, 800):
        lab.resize(width)
        assert not lab.cut_off(".ocs-studio")
    assert lab.complaints == []


def test_the_code_can_be_copied(form):
    lab = form("prompt='a heron lands'")
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.page.get_by_role("button", name="Copy as code").click()
    lab.page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).includes('generate_video')"
    )
