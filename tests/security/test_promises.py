"""docs/security.md promises nothing that no test holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def names(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_page_names_exists():
    assert NAMED
    assert [(path, name) for path, name in NAMED if name not in names(path)] == []


def test_every_promise_names_its_test():
    table = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    promises = [line for line in table if not line.startswith("| What")]
    assert len(promises) > 20
    assert [line for line in promises if "::test_" not in line] == []


def test_every_file_of_this_folder_is_on_the_page():
    here = {f"tests/security/{path.name}" for path in Path(__file__).parent.glob("test_*.py")}
    assert here - {"tests/security/test_promises.py"} <= {path for path, _ in NAMED}
