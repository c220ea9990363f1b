"""What so many jobs a day need: the emulator's jobs on a clock of their own, asked after at our pace.

    python benchmarks/scale.py

prints the tables of `docs/scale.md` and writes them there. Nothing is random and nothing is measured here: the same on
every machine. What a poll, a job and a row cost is measured by `benchmarks/in_flight.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, mean

from openclaw_nb.core.pacing import Rule, Signs, Usual, pause
from openclaw_nb.emulator.clips import ClipSpec
from openclaw_nb.emulator.jobs import Job, Order, Scenario

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
MEDIAN_SECONDS, SPREAD = 90.0, 1.2
"""Of the time that jobs of a model take: two in three lie within the median divided and multiplied by it."""
JOBS = 199
DAY_SECONDS = 86_400
BUSY = 3
"""How many times the average the busiest minute has."""
POLL_SECONDS = 0.3
"""From the first byte of a poll to the last of its answer, over the internet."""
ANSWER_BYTES = 1_500
"""Of a poll and its answer, headers included."""
CLIP_BYTES = 5_000_000
LEDGER_WRITES = 6
"""Of one job: the row, the submission, two states with their ticket, the end; its removal."""
KEPT_DAYS = 7
"""How long the ledger keeps ended tasks."""

# Measured by benchmarks/in_flight.py on 2 cores.
KB_IN_FLIGHT = 22
CPU_MS_POLL = 0.94
CPU_MS_JOB = 12
ROW_BYTES = 4_600
WRITES_A_SECOND = 1_141


@dataclass
class Moment:
    """The clock of the emulator here: time passes when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        """Seconds since the job was accepted."""
        return self.now


@dataclass(frozen=True)
class Watched:
    """How jobs were asked after, on average."""

    polls: float
    lag: float
    """Seconds from the end of a job to the poll that finds it."""
    worst: float
    """The same, as a part of the job's time, at worst."""


def lengths() -> list[float]:
    """How long jobs take, in seconds: the same number of each part of the distribution."""
    normal = NormalDist()
    return [MEDIAN_SECONDS * SPREAD ** normal.inv_cdf((at + 0.5) / JOBS) for at in range(JOBS)]


def asked_after(seconds: float, rule: Rule, signs: Signs) -> tuple[int, float]:
    """One job of the emulator, asked after to its end: how often, and how late that was found."""
    clock, spec = Moment(), ClipSpec(provider="-", model="-", prompt="-")
    job = Job("-", "-", Order("-", {}, spec), "", Scenario(seconds=seconds), 0.0, clock)
    while job.finished_at is None:
        clock.now += pause(clock.now, rule, signs)
        job.asked_after()
    return job.polls, clock.now - job.finished_at


def watched(rule: Rule, *, known: bool) -> Watched:
    """All jobs; `known`: the ledger has seen 25 of the model."""
    took = lengths()
    signs = Signs(Usual.of(took[3::8]) if known else None)
    each = [asked_after(seconds, rule, signs) for seconds in took]
    return Watched(
        mean(polls for polls, _ in each),
        mean(lag for _, lag in each),
        max(lag / seconds for (_, lag), seconds in zip(each, took, strict=True)),
    )


RULES = (Rule(2.5), Rule(5), Rule(10), Rule(5, 5))


def a_job() -> Iterator[Sequence[str]]:
    """How one job is asked after, by what its provider allows and what is known."""
    yield "Pause", "Model", "Polls a job", "Seen late by, mean", "at worst"
    for rule in RULES:
        pace = f"{rule.least:g} s, always" if rule.most else f"{rule.least:g} s and more"
        for known in (False,) if rule.most else (False, True):
            seen = watched(rule, known=known)
            yield (
                pace,
                "known" if known else "new",
                f"{seen.polls:.0f}",
                f"{seen.lag:.1f} s",
                f"{seen.worst:.0%}",
            )


def a_day(jobs: int) -> list[str]:
    """What so many jobs a day need in the busiest minute, and on disk."""
    seen, second = watched(Rule(2.5), known=True), BUSY * jobs / DAY_SECONDS
    in_flight = second * (mean(lengths()) + seen.lag)
    polls = second * seen.polls
    cores = (polls * CPU_MS_POLL + second * CPU_MS_JOB) / 1000
    return [
        f"{jobs:,}",
        f"{second:.1f}",
        f"{in_flight:,.0f}",
        f"{polls:,.1f}",
        f"{max(1, polls * POLL_SECONDS):,.0f}",
        f"{second * LEDGER_WRITES:,.1f}",
        f"{second * LEDGER_WRITES / WRITES_A_SECOND:.0%}",
        f"{8 * (polls * ANSWER_BYTES + second * CLIP_BYTES) / 1e6:,.0f}",
        f"{cores:,.1f}",
        f"{in_flight * KB_IN_FLIGHT / 1e6:.2f}",
        f"{jobs * KEPT_DAYS * ROW_BYTES / 1e9:,.2f}",
        f"{jobs * CLIP_BYTES / 1e9:,.0f}",
    ]


def days() -> Iterator[Sequence[str]]:
    """By jobs a day, each number of the busiest minute where it is a rate."""
    yield (
        *("Jobs a day", "Jobs/s", "In flight", "Polls/s", "Connections asking"),
        *(
            "Ledger writes/s",
            "Ledger busy",
            "Mbit/s",
            "Cores",
            "Memory, GB",
            "Ledger, GB",
            "Clips a day, GB",
        ),
    )
    for jobs in (10_000, 100_000, 1_000_000):
        yield a_day(jobs)


def table(rows: Iterator[Sequence[str]]) -> str:
    """As Markdown."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables() -> dict[str, str]:
    """By the name that the page has for each."""
    return {"a job": table(a_job()), "a day": table(days())}


def filled(text: str) -> str:
    """The page with its tables as they come out now."""
    for name, rows in tables().items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{rows}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Print both tables, and put them into the page."""
    print("\n\n".join(tables().values()))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
