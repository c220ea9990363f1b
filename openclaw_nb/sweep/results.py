"""What came of a sweep: records, tables, players, files."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import page
from openclaw_nb.sweep import summary
from openclaw_nb.sweep.records import Record
from openclaw_nb.tables import Table

if TYPE_CHECKING:
    from openclaw_nb.notebook.compare import Comparison
    from openclaw_nb.notebook.gallery import Gallery
    from openclaw_nb.runtime.results import Result


@dataclass(frozen=True, slots=True)
class Results:
    """The combinations of a sweep that have ended, in the order of the grid."""

    cells: tuple[Record, ...]

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.cells)

    @property
    def records(self) -> list[dict[str, Any]]:
        """One dict for each: asked, sent, changed and ignored, what ran, how it ended, measured."""
        return [record.as_dict() for record in self.cells]

    @property
    def passed(self) -> Results:
        """Those that have a clip."""
        return Results(tuple(record for record in self.cells if record.passed))

    @property
    def videos(self) -> list[Result]:
        """The clips, in order."""
        return [made for record in self.passed if (made := record.result) is not None]

    @property
    def table(self) -> Table:
        """A line for each combination."""
        return summary.by_cell(self.cells)

    @property
    def by_model(self) -> Table:
        """A line for each model: passed, skipped and why, failed and of which class, time, size."""
        return summary.by_model(self.cells)

    def to_dataframe(self) -> Any:
        """The records as a pandas DataFrame: `asked.duration_seconds`, `measured.width`, ...

        Raises ImportError when pandas is not installed.
        """
        try:
            pandas: Any = import_module("pandas")  # optional, so its types are not at hand
        except ImportError as error:
            raise ImportError(
                "to_dataframe needs pandas (pip install pandas); records, to_csv and to_json do not"
            ) from error
        rows = [_flat(record) for record in self.records]
        return pandas.DataFrame(rows, columns=_columns(rows))

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the records as CSV with the columns of `to_dataframe`; returns where."""
        rows = [_flat(record) for record in self.records]
        columns = _columns(rows)
        target = _made(path)
        with target.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
        return target

    def to_json(self, path: str | os.PathLike[str]) -> Path:
        """Write the records as JSON; returns where."""
        target = _made(path)
        text = json.dumps(self.records, ensure_ascii=False, indent=2, default=_plain)
        target.write_text(f"{text}\n", encoding="utf-8")
        return target

    def gallery(self) -> Gallery:
        """The clips as a wall of posters. Raises InvalidInput when there is none."""
        from openclaw_nb.notebook.gallery import gallery

        return gallery(self._labelled())

    def compare(self) -> Comparison:
        """The clips side by side on one clock, two to 16 of them; otherwise InvalidInput is raised.

        `oc.compare(results.videos[:4])` takes some of them.
        """
        from openclaw_nb.notebook.compare import compare

        return compare(self._labelled())

    def _labelled(self) -> dict[str, Result]:
        found = {
            record.planned.label: record.result
            for record in self.cells
            if record.passed and record.result is not None and record.result.paths
        }
        if not found:
            raise InvalidInput("results", "no combination has a clip; .table says why")
        return found

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "Sweep",
        max_bytes: int = page.MAX_BYTES,
    ) -> Path:
        """Write all of it as one HTML file that needs nothing else: tables, then the clips.

        Small clips are in it as they are, larger ones as previews that share `max_bytes`.

        Args:
            path: Where to; an existing file is replaced, missing folders are made.
            title: The page's heading.
            max_bytes: The largest size of the file, 1,000,000 or more.

        Returns:
            The file's absolute path.

        Raises:
            InvalidInput: `max_bytes` is too small.
        """
        from openclaw_nb.sweep import report

        return report.save(self, Path(path), title=title, max_bytes=max_bytes)

    def analyze(self, function: Callable[..., object], **options: Any) -> Results:
        """Call `function` for every clip; see `openclaw_nb.sweep.analysis.analyze`."""
        from openclaw_nb.sweep.analysis import analyze

        return analyze(self, function, **options)

    def __repr__(self) -> str:
        return repr(self.by_model)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return self.by_model._repr_mimebundle_()  # pyright: ignore[reportPrivateUsage] # IPython's own name


def _made(path: str | os.PathLike[str]) -> Path:
    target = Path(path).expanduser().resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without dicts in it: what they hold has a dotted name."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if name in ("asked", "sent", "ignored", "measured"):
            flat |= {f"{name}.{inner}": found for inner, found in value.items()}
        else:
            flat[name] = value
    return flat


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every name that a row has; those with the same beginning beside each other."""
    names = dict.fromkeys(name for row in rows for name in row)
    places: dict[str, int] = {}
    for name in names:
        places.setdefault(name.partition(".")[0], len(places))
    return sorted(names, key=lambda name: places[name.partition(".")[0]])


def _cell(value: object) -> object:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, cast("list[object]", value)))
    return (
        json.dumps(value, ensure_ascii=False, default=_plain) if isinstance(value, dict) else value
    )


def _plain(value: object) -> object:
    """What numpy holds as numbers and lists; anything else as text."""
    to_list = getattr(value, "tolist", None)
    return to_list() if callable(to_list) else str(value)
