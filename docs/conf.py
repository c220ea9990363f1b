"""How Sphinx makes the site; `python -m docs.build` runs it."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

from openclaw_nb import __version__

release = __version__
project = "openclaw_nb"
author = "The openclaw_nb authors"
project_copyright = author
language = "en"
smartquotes_action = "D"  # dashes; quotes in docstrings are code

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_external_toc",
]
exclude_patterns = ["notebooks/assets"]
external_toc_path = "docs/_toc.yml"
# Pages that are written elsewhere appear in the navigation as soon as they are there.
suppress_warnings = ["etoc.glob"]

# Notebooks are executed before Sphinx sees them; what they show needs no kernel and no script.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "text/html", 1)]
nb_merge_streams = True

myst_heading_anchors = 4
myst_enable_extensions: list[str] = []  # no dollarmath: prices are no formulas
myst_links_external_new_tab = False

# Docstrings mark code as Markdown does; what names one of ours becomes a link.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
maximum_signature_line_length = 90
add_module_names = False
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "openclaw_nb"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_additional_pages = {"index": "start.html"}
templates_path = ["_templates"]
copybutton_exclude = ".linenos, .gp, .go"


_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_NAME = re.compile(r"[A-Za-z_][\w.]*(?:\(\))?")


def _read_as_written(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Code that is no name is code; an attribute's sentence has no type before a colon."""
    lines[:] = [_CODE.sub(_as_code, line) for line in lines]
    if what in {"attribute", "property"}:
        lines[:0] = ["..", ""]  # an empty comment, and napoleon sees no colon in the first line


def _as_code(found: re.Match[str]) -> str:
    return found[0] if _NAME.fullmatch(found[1]) else f"``{found[1]}``"


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _read_as_written, priority=400)
