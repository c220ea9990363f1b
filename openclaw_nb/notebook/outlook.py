"""A forecast as the form shows it, as HTML. Pure: values in, strings out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from openclaw_nb.core.domain import Job
from openclaw_nb.notebook import words

if TYPE_CHECKING:
    from openclaw_nb.forecast import Forecast, Verdict

_FACTS = (
    ("duration_seconds", "{} s"),
    ("aspect_ratio", "{}"),
    ("resolution", "{}"),
    ("size", "{}"),
    ("quality", "{} quality"),
    ("background", "{} background"),
    ("output_format", "{}"),
    ("format", "{}"),
)
_SWITCHES = (("audio", "sound"), ("watermark", "watermark"), ("instrumental", "instrumental"))


def plan_html(forecast: Forecast, told: Sequence[str] = ()) -> str:
    """What would be sent, to whom, and what differs from what was asked.

    Args:
        forecast: What the request would do.
        told: What the form could not keep when the model changed.
    """
    first, *others = forecast.verdicts
    return "".join(
        (
            _head(first, forecast.mode.words_for(forecast.medium)),
            _lines("Not kept", told, "ocs-warn"),
            _lines("Note", forecast.notices, "ocs-warn"),
            _body(first),
            _followers(others, first.runs),
        )
    )


def setup_html(keys: Sequence[tuple[str, str]]) -> str:
    """What to set when nothing is configured: the variables of each provider."""
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td><code>{escape(names)}</code></td></tr>"
        for label, names in keys
    )
    return (
        '<div class="ocs-strip"><strong>No provider has a key yet.</strong> Set one of these '
        "variables before Jupyter starts, or <code>os.environ[...]</code> in a cell, and look "
        f"again.</div><details><summary>Variables by provider</summary><table>{rows}</table>"
        "</details>"
    )


def still_html(code: str, forecast: Forecast | None) -> str:
    """The form where there are no widgets: the call it stands for, and the plan."""
    drawn: Any = forecast  # IPython's name for its HTML is a protected one
    table: str = drawn._repr_html_() if forecast else ""
    return f"<pre>{escape(code)}</pre>{table}"


def _head(verdict: Verdict, mode: str) -> str:
    state, colour = ("Will run", "good") if verdict.runs else ("Will not run", "bad")
    return (
        f'<div class="ocs-verdict ocs-{colour}"><strong>{state}</strong>'
        f'<span class="ocs-ref">{escape(str(verdict.ref))}</span>'
        f'<span class="ocs-faint">{escape(mode)}</span></div>'
    )


def _body(verdict: Verdict) -> str:
    return "".join(
        (
            _lines("Why", [verdict.reason] if verdict.reason else [], "ocs-bad"),
            _lines("Sent", [words.joined(sent(verdict.job))] if verdict.job else []),
            _lines("Changed", map(words.change, verdict.changes), "ocs-warn"),
            _lines("Ignored", map(words.ignored, verdict.ignored), "ocs-warn"),
            _lines("Cost", [cost(verdict)] if verdict.price else []),
            _lines("Note", [note for note in verdict.notes if note != str(verdict.price)]),
        )
    )


def sent(job: Job) -> list[str]:
    """What goes to the provider besides the prompt, in words."""
    told = [_counted(len(assets), kind) for kind, assets in _references(job) if assets]
    told += [f"{job.count} images wanted"] if job.count > 1 else []
    told += ["lyrics"] if job.lyrics else []
    given = [(name, getattr(job, name, None), form) for name, form in _FACTS]
    told += [form.format(value) for _, value, form in given if value is not None]
    switches = [(label, getattr(job, name, None)) for name, label in _SWITCHES]
    told += [f"{label} {'on' if on else 'off'}" for label, on in switches if on is not None]
    told += [f"{name} {value}" for name, value in job.provider_options.items()]
    return told or ["the prompt alone"]


def _references(job: Job) -> Iterable[tuple[str, Sequence[Any]]]:
    return (("image", job.images), ("video", job.videos), ("audio", job.audios))


def _counted(count: int, kind: str) -> str:
    return f"{count} {kind}{'s' if count > 1 and kind != 'audio' else ''}"


def cost(verdict: Verdict) -> str:
    """About what it costs, in all where that can be told, and the price it comes from."""
    price = verdict.price
    if price is None:
        return ""
    note = f"{price.note}; " if price.note else ""
    if verdict.usd is None:
        return f"about ${price.usd:g} a {price.per} ({note}read {price.read_on})"
    each = f"${price.usd:g} a {price.per}; " if verdict.usd != price.usd else ""
    return f"about {_money(verdict.usd)} ({each}{note}read {price.read_on})"


def _money(usd: float) -> str:
    """Cents, and less where it is less."""
    dime = 0.1
    return f"${usd:.2f}" if usd >= dime else f"${usd:.2g}"


def _followers(others: Sequence[Verdict], is_reserve: bool) -> str:
    if not others:
        return ""
    rows = "".join(map(_follower, others))
    title = escape(_who_follows(others, is_reserve))
    return f'<details class="ocs-others"><summary>{title}</summary><ol>{rows}</ol></details>'


def _who_follows(others: Sequence[Verdict], is_reserve: bool) -> str:
    running = [other.ref for other in others if other.runs]
    if not running:
        return "No other candidate would run"
    more = f" and {len(running) - 1} more" if len(running) > 1 else ""
    return f"{'If it fails' if is_reserve else 'Instead'}: {running[0]}{more}"


def _follower(verdict: Verdict) -> str:
    told = [verdict.reason] if verdict.reason else []
    told += [*map(words.change, verdict.changes), *map(words.ignored, verdict.ignored)]
    mark = "" if verdict.runs else ' <span class="ocs-bad">would be passed over</span>'
    more = f'<div class="ocs-faint">{escape("; ".join(told))}</div>' if told else ""
    return f"<li>{escape(str(verdict.ref))}{mark}{more}</li>"


def _lines(title: str, lines: Iterable[str], look: str = "") -> str:
    rows = "".join(f"<div>{escape(words.shortened(line))}</div>" for line in lines)
    if not rows:
        return ""
    return f'<div class="ocs-line {look}"><span>{title}</span><div>{rows}</div></div>'
