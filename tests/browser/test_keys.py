"""Keys pressed on what we show are not the notebook's."""

import re

import pytest

from tests.browser.test_task import button, started

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SOURCES = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .map(cell => cell.model.type + ': ' + cell.model.sharedModel.source)"""
MANY = """
import openclaw_nb as oc
from openclaw_nb.emulator import Scenario
from openclaw_nb.notebook.progress import TasksView
oc.emulate(Scenario(seconds=600))
tasks = [oc.generate_video(f"heron {n}", model="openai/sora-2") for n in range(2)]
TasksView(tasks)
"""
GALLERY = """
import openclaw_nb as oc
from openclaw_nb.emulator import Scenario
oc.emulate(Scenario(render="draft"))
oc.gallery([oc.generate_image("a heron").result()])
"""


def leaves_the_cells_alone(lab, target, *keys):
    before = lab.page.evaluate(SOURCES)
    for key in keys:
        target.focus()
        lab.page.keyboard.press(key)
        lab.page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
        if lab.page.evaluate(SOURCES) != before:
            return f"{key} changed the cells"
    return ""


def test_letters_on_the_buttons_of_a_task_leave_its_cells_alone(lab):
    started(lab, 600, "task.cancel()")
    lab.page.get_by_text(re.compile("^0:0[2-9]")).first.wait_for()  # the page is at rest
    assert not leaves_the_cells_alone(lab, button(lab, "Cancel"), "a", "b", "d", "d", "m")
    lab.run(1)
    lab.page.get_by_text("● Cancelled").wait_for()
    again = button(lab, "Run again")
    assert not leaves_the_cells_alone(lab, again, "a", "b", "d", "d", "m")


def test_letters_on_cancel_all_leave_the_cells_alone(lab):
    lab.write("many.ipynb", MANY)
    lab.open("many.ipynb")
    lab.run(0)
    lab.page.get_by_text(re.compile("2 running")).wait_for()
    assert not leaves_the_cells_alone(lab, button(lab, "Cancel all"), "a", "b", "d", "d", "m")


def test_letters_in_a_gallery_leave_the_cells_alone(lab):
    lab.write("wall.ipynb", GALLERY)
    lab.open("wall.ipynb")
    lab.run(0)
    tile = lab.page.locator(".ocl-gallery button >> visible=true").first
    tile.wait_for()
    assert not leaves_the_cells_alone(lab, tile, "a", "b", "d", "d", "m")
