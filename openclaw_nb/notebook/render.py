"""Tasks and videos as HTML and as text. Pure: values in, strings out.

Everything that a user or a provider wrote is escaped. The HTML stands alone: inline styles only,
since saved notebooks lose `<style>`, and theme colours with a fallback for other viewers.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from openclaw_nb.core.domain import Attempt, TaskState
from openclaw_nb.errors import one_line, plain
from openclaw_nb.notebook import figures, words
from openclaw_nb.notebook.figures import Picture, paired
from openclaw_nb.runtime.results import Result
from openclaw_nb.task import Snapshot

_FAINT = "var(--jp-ui-font-color2,inherit)"
_LINE = "var(--jp-border-color2,rgba(128,128,128,.35))"
_BLUE = "var(--jp-brand-color1,#2196f3)"
_GREEN = "var(--jp-success-color1,#43a047)"
_RED = "var(--jp-error-color1,#e53935)"
_AMBER = "var(--jp-warn-color1,#fb8c00)"
_CODE = "font-family:var(--jp-code-font-family,ui-monospace,monospace);font-size:12px"

FONT = (
    "color:var(--jp-ui-font-color1,inherit);font-family:var(--jp-ui-font-family,system-ui,"
    "-apple-system,'Segoe UI',sans-serif);font-size:13px;line-height:1.5"
)
NO_MATH = "mathjax_ignore tex2jax_ignore"
"""Classes that keep a page from typesetting what is between two dollar signs, such as prices."""
_CARD = (
    f"max-width:720px;box-sizing:border-box;margin:6px 0;padding:16px 18px;border:1px solid {_LINE};"
    f"border-radius:12px;background:var(--jp-layout-color1,transparent);{FONT}"
)
COLOURS = {
    TaskState.QUEUED: _FAINT,
    TaskState.RUNNING: _BLUE,
    TaskState.SUCCEEDED: _GREEN,
    TaskState.FAILED: _RED,
    TaskState.TIMED_OUT: _RED,
    TaskState.CANCELLED: _FAINT,
    TaskState.LOST: _AMBER,
}


def task_html(now: Snapshot, pictures: Sequence[Picture] = ()) -> str:
    """A task as one card: notices, state, progress, then the player or the error."""
    return card(notices_html(now), head_html(now), body_html(now, pictures))


def card(*parts: str) -> str:
    """The frame around parts; empty ones leave no gap."""
    inner = "".join(part for part in parts if part)
    return f'<div style="{_CARD}">{inner}</div>'


def caption(now: Snapshot) -> str:
    """Which task it is, in one line: what stays in a notebook that is saved while it runs."""
    prompt = words.shortened(now.request.prompt, 80)
    return faint(f"Task openclaw_nb.task({now.id[:8]!r}) · {prompt}")


def faint(text: str) -> str:
    """A line that does not ask to be read."""
    style = f"{FONT};color:{_FAINT};font-size:12px;margin:6px 0;overflow-wrap:anywhere"
    return f'<div style="{style}">{escape(text)}</div>'


def anchor(html: str) -> str:
    """The upper one of two outputs, whose lower one holds widgets.

    JupyterLab writes an error in the place of a widget whose kernel is gone. It has no elements,
    and a page that trusts the notebook hides it by this rule; one that does not shows no widgets.
    """
    return (
        "<style>.jp-OutputArea-child:has([data-ocl]) + .jp-OutputArea-child "
        f"> .jupyter-widgets:not(:has(*)){{display:none}}</style><div data-ocl>{html}</div>"
    )


def folded(now: Snapshot, pictures: Sequence[Picture] = ()) -> str:
    """A card that another one took the place of, closed."""
    title = words.joined([words.state(now.state), now.id[:8], str(now.ref or "")])
    return (
        f'<details style="{FONT};max-width:720px;margin:6px 0"><summary style="cursor:pointer;'
        f'color:{_FAINT}">Before: {escape(title)}</summary>{task_html(now, pictures)}</details>'
    )


def notices_html(now: Snapshot) -> str:
    """The strip above everything."""
    return _strip(words.notices(now))


def head_html(now: Snapshot) -> str:
    """State, model, time, prompt and progress: what changes all the time."""
    ref = str(now.ref) if now.ref else (now.request.model or "")
    title = _row(
        f'<strong style="color:{COLOURS[now.state]}">● {words.state(now.state)}</strong>',
        f'<span style="font-weight:600;overflow-wrap:anywhere">{escape(ref)}</span>',
        _badge() if now.result is not None and now.result.emulated else "",
        f'<span style="margin-left:auto;color:{_FAINT};font-variant-numeric:tabular-nums">'
        f"{words.clock(now.elapsed_seconds)}</span>",
    )
    return title + _prompt(now.request.prompt) + (_progress(now) if now.state.active else "")


def body_html(now: Snapshot, pictures: Sequence[Picture] = ()) -> str:
    """What changes seldom: the failed candidates; at the end the video, or the error."""
    if now.result is not None:
        return _result_body(now.result, pictures)
    return _error(now) + _attempts(now.attempts)


def result_html(result: Result, pictures: Sequence[Picture] = ()) -> str:
    """A finished video as one card: warnings, player, facts, then what differed from the request.

    Args:
        result: What to show.
        pictures: How each of its files is shown; without, only the facts are.
    """
    title = _row(
        f'<strong style="overflow-wrap:anywhere">{escape(str(result.ref))}</strong>',
        _badge() if result.emulated else "",
    )
    return card(
        _strip(words.result_notices(result)),
        title,
        _prompt(result.request.prompt),
        _result_body(result, pictures),
    )


def result_bundle(result: Result, pictures: Sequence[Picture] = ()) -> dict[str, str]:
    """The video for every kind of frontend."""
    return {"text/html": result_html(result, pictures), "text/plain": result_text(result, pictures)}


def task_text(now: Snapshot, pictures: Sequence[Picture] = ()) -> str:
    """A task in a few lines."""
    lines = [f"! {notice}" for notice in words.notices(now)]
    lines += [task_line(now), f'"{words.shortened(now.request.prompt)}"']
    if now.result is not None:
        lines += figures.texts(paired(now.result.files, pictures)) + words.settings(now.result)
    if now.error:
        lines += [f"{words.who_said(now)}: {now.error}", words.what_to_do(now)]
    lines += [f"- {tried.ref} ({words.outcome(tried)}): {tried.error}" for tried in now.attempts]
    return plain("\n".join(line for line in lines if line))


def task_line(now: Snapshot) -> str:
    """A task in one line, for a terminal."""
    bar = words.text_bar(now) if now.state.active else ""
    where = str(now.ref) if now.ref else (now.request.model or "")
    head = f"{words.state(now.state)} {words.clock(now.elapsed_seconds)} {bar}".rstrip()
    return one_line(words.joined([head, where, *words.doing(now)]))


def result_text(result: Result, pictures: Sequence[Picture] = ()) -> str:
    """A finished video in a few lines."""
    mark = "EMULATED, no model made this" if result.emulated else ""
    head = words.joined([str(result.ref), words.taken(result.elapsed_seconds), mark])
    lines = [f"! {notice}" for notice in words.result_notices(result)]
    lines += [head, *figures.texts(paired(result.files, pictures)), *words.settings(result)]
    return plain("\n".join(lines))


def _row(*parts: str) -> str:
    inner = " ".join(part for part in parts if part)
    style = "display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 10px"
    return f'<div style="{style}">{inner}</div>'


def _strip(lines: Sequence[str]) -> str:
    style = (
        f"margin:0 0 12px;padding:7px 12px;border-left:3px solid {_AMBER};border-radius:4px;"
        "background:rgba(251,140,0,.12);overflow-wrap:anywhere"
    )
    inner = "<br>".join(escape(words.shortened(line)) for line in lines)
    return f'<div role="note" style="{style}">{inner}</div>' if lines else ""


def _badge() -> str:
    style = (
        f"padding:1px 8px;border:1px solid {_AMBER};border-radius:9px;font-size:11px;"
        "font-weight:600;letter-spacing:.06em;white-space:nowrap"
    )
    return f'<span style="{style}" title="made by the emulator; no model ran">EMULATED</span>'


def _prompt(prompt: str) -> str:
    style = "margin:6px 0 0;font-size:15px;overflow-wrap:anywhere"
    return f'<div style="{style}">{escape(words.shortened(prompt))}</div>'


def _progress(now: Snapshot) -> str:
    told = escape(words.joined(words.doing(now)))
    return (
        f"{bar(words.fraction(now), 'progress')}"
        f'<div style="color:{_FAINT};font-size:12px">{told}</div>'
    )


def bar(full: float | None, label: str) -> str:
    """A bar as wide as its place, 0 to 1; moving to and fro when nothing is known."""
    value = "" if full is None else f' max="1" value="{full:.3f}"'
    style = f"width:100%;height:8px;margin:12px 0 4px;accent-color:{_BLUE}"
    return f'<progress{value} aria-label="{escape(label)}" style="{style}"></progress>'


def small_bar(now: Snapshot) -> str:
    """A bar for a line of a table; nothing once the task has ended."""
    if not now.state.active:
        return ""
    full = words.fraction(now)
    value = "" if full is None else f' max="1" value="{full:.2f}"'
    style = f"width:8em;height:6px;vertical-align:middle;accent-color:{_BLUE}"
    return f'<progress{value} aria-label="progress" style="{style}"></progress>'


def _error(now: Snapshot) -> str:
    if not now.error:
        return ""
    box = (
        f"margin:12px 0 0;padding:9px 12px;border-left:3px solid {_RED};border-radius:4px;"
        "background:rgba(229,57,53,.10)"
    )
    todo = words.what_to_do(now)
    advice = f'<div style="margin-top:6px">{escape(todo)}</div>' if todo else ""
    return (
        f'<div role="alert" style="{box}"><div style="color:{_FAINT};font-size:12px">'
        f"{escape(words.who_said(now))}</div>"
        f'<div style="white-space:pre-line;overflow-wrap:anywhere">'
        f"{escape(words.shortened(now.error, 1_000))}</div>{advice}</div>"
    )


def _attempts(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return ""
    count = f"{len(attempts)} candidate{'s' if len(attempts) > 1 else ''} gave no video"
    rows = "".join(
        f'<li style="margin:3px 0"><strong>{escape(str(tried.ref))}</strong> '
        f'<span style="color:{_FAINT}">{escape(words.outcome(tried))}</span><br>'
        f"{escape(words.shortened(tried.error))}</li>"
        for tried in attempts
    )
    return (
        f'<details style="margin:12px 0 0"><summary style="cursor:pointer;color:{_FAINT}">{count}'
        f'</summary><ul style="margin:6px 0 0;padding-left:20px;overflow-wrap:anywhere">{rows}'
        "</ul></details>"
    )


def _result_body(result: Result, pictures: Sequence[Picture]) -> str:
    by = "made by the emulator as" if result.emulated else "made by"
    made = f"{by} {result.ref.provider} in {words.taken(result.elapsed_seconds)}"
    return (
        figures.figures(result.files, pictures)
        + f'<div style="color:{_FAINT};font-size:12px">{escape(made)}</div>'
        + _settings(words.settings(result))
        + _attempts(result.attempts)
    )


def _settings(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    rows = "".join(
        f'<div><span style="{_CODE}">{escape(name)}</span>:{escape(rest)}</div>'
        for name, _, rest in (line.partition(":") for line in lines)
    )
    style = f"margin:12px 0 0;padding:10px 0 0;border-top:1px solid {_LINE};overflow-wrap:anywhere"
    title = '<div style="font-weight:600">Sent otherwise than asked</div>'
    return f'<div style="{style}">{title}{rows}</div>'
