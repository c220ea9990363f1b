"""A notebook that ran with a key can be given away, and what it shows needs no trust."""

from __future__ import annotations

import json
import os

import nbformat
import pytest
from nbclient import NotebookClient

from tests.capture import listening
from tests.security.test_injection import Outline

MARK = "sk-MARKED-0a1b2c3d4e5f60718293"
CELLS = [
    "%xmode Verbose\nimport logging, openclaw_nb as oc\nlogging.basicConfig(level=logging.INFO)",
    "task = oc.generate_video('a heron', model='fal/fal-ai/minimax/video-01-live', exact_model=True)\ntask",
    "video = task.result(); video",
    "print(task, repr(task), video, repr(video), oc.tasks(), oc.providers()); oc.providers()",
    "oc.plan_video('a heron')",
    "oc.generate_video('a heron', model='runway/gen4.5', exact_model=True, timeout_ms=900).result()",
    "oc.Client({'models': {'providers': {'fal': {'apiKey': open('key').read(), 'x': 1}}}})",
    "oc.config.set('models.providers.fal.apiKey', [open('key').read()])",
    "print(oc.config.get('models')); oc.config.get('env')",
]
"""The last but one are errors, which IPython shows with every variable on their way."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A notebook that was run and saved, its folder, and what its vendor saw."""
    here = tmp_path_factory.mktemp("given")
    folder, state = here / "work", here / "state"
    folder.mkdir()
    state.mkdir()
    (folder / "key").write_text(MARK)
    with listening() as services:
        providers = {
            "fal": {"baseUrl": services.urls["fal"], "headers": {"x-token": MARK}},
            "runway": {"baseUrl": "http://127.0.0.1:9", "apiKey": MARK},
        }
        settings = {"models": {"providers": providers}, "env": {"XAI_API_KEY": MARK}}
        (state / "openclaw.json").write_text(json.dumps(settings))
        path = folder / "work.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
        environ = {
            **os.environ,
            "FAL_KEY": MARK,
            "OPENCLAW_STATE_DIR": str(state),
            "OPENCLAW_NB_MEDIA_DIR": str(folder / "openclaw_out"),
            "OPENCLAW_NB_EMULATE": "",
        }
        resources = {"metadata": {"path": str(folder)}}
        client = NotebookClient(
            notebook, timeout=90, kernel_name="python3", resources=resources, allow_errors=True
        )
        client.execute(env=environ)
        nbformat.write(notebook, path)
        (folder / "key").unlink()
        yield notebook, folder, services


def test_no_saved_notebook_and_no_file_beside_it_has_a_key(executed):
    notebook, folder, services = executed
    assert any(MARK in repr(wanted.headers) for wanted in services.asked), "the key was used"
    kinds = [[each.output_type for each in cell.outputs] for cell in notebook.cells]
    assert "execute_result" in kinds[3]
    failed = [index for index, types in enumerate(kinds) if "error" in types]
    assert failed == [5, 6, 7], [c.outputs for c in notebook.cells]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {".ipynb", ".mp4", ".json"} <= {path.suffix for path in files}
    assert not [path.name for path in files if MARK.encode() in path.read_bytes()]


def test_what_a_notebook_shows_works_without_trust(executed):
    """Jupyter takes scripts, handlers and frames out of what is not trusted: there are none."""
    notebook, *_ = executed
    shown = [each for cell in notebook.cells for each in cell.outputs if "data" in each]
    assert shown
    for output in shown:
        assert set(output.data) <= {
            "text/plain",
            "text/html",
            "application/vnd.jupyter.widget-view+json",
        }
        for tag, *attributes in Outline(output.data.get("text/html", "")).elements:
            assert tag not in {
                "script",
                "iframe",
                "object",
                "embed",
                "form",
                "style",
                "link",
                "base",
            }
            assert not [name for name in attributes if name.startswith("on")]
