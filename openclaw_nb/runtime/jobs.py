"""The provider jobs of a stored task: which can be taken up, and in words how."""

from __future__ import annotations

from collections.abc import Sequence

from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.errors import InvalidInput, TaskLost, shown
from openclaw_nb.runtime.receipts import Receipt
from openclaw_nb.runtime.rows import Row, now_ms, owned


def jobs_of(row: Row) -> tuple[Row, ...]:
    """The task as if each job that has a receipt were its only one: the last, then those given up."""
    given_up = (row.model_copy(update=dict(receipt)) for receipt in reversed(row.receipts))
    return (*([row] if row.ticket else []), *given_up)


def last_job(row: Row) -> Row | None:
    """The job that is taken up when none is named: the last one, or the only one with a receipt."""
    found = jobs_of(row)
    return found[0] if row.ticket or len(found) == 1 else None


def chosen_job(row: Row, model: str | None) -> Row:
    """The job to take up; `model` is its `provider/model`, or the model alone.

    Raises:
        TaskLost: there is no receipt, or several and none is named.
        InvalidInput: no job of this model has a receipt.
    """
    if model is None:
        if job := last_job(row):
            return job
        raise TaskLost(way_on(row))
    for job in jobs_of(row):
        if model in (str(ref_of(job)), job.model):
            return job
    refs = ", ".join(str(ref_of(job)) for job in jobs_of(row)) or "none"
    raise InvalidInput(
        "model",
        f"task {row.id[:8]} has no receipt of a job of {shown(model)}; there are: {refs}. "
        "Nothing was sent",
    )


def receipt_of(job: Row) -> Receipt:
    """What finds one of `jobs_of` a task again."""
    return Receipt(
        provider=job.provider or "",
        model=job.model or "",
        base_url=job.base_url,
        ticket=job.ticket or {},
        job_id=job.job_id,
        plan=job.plan or {},
    )


def ref_of(row: Row) -> Ref:
    """The model that the task was last sent to."""
    return Ref(row.provider or "", row.model or "")


def fetching(id: str, ref: Ref) -> str:
    """The call that takes up one job of several."""
    return f"openclaw_nb.resume({id[:8]!r}, model={str(ref)!r})"


def as_lost(row: Row) -> Row:
    """The row of a task whose process is gone, with what can be done about it."""
    told = {"status": TaskState.LOST, "error": lost_text(row), "summary": lost_brief(row)}
    return row.model_copy(update=told)


def as_it_is(row: Row) -> Row:
    """The row, lost when it is active and nobody carries it out; a lost one says what can be done."""
    if row.status is TaskState.LOST or (row.status.active and not owned(row, now_ms())):
        return as_lost(row)
    return row


def lost_text(row: Row) -> str:
    """What a task whose process is gone says as its error."""
    return f"the process that ran task {row.id[:8]} is gone; {way_on(row)}"


def lost_brief(row: Row) -> str:
    """The same in a few words."""
    if jobs_of(row):
        return "its process is gone; resume finishes it"
    sent = "may have been submitted" if unreceipted(row) else "had not been submitted"
    return f"its process is gone; it {sent} and has no receipt"


def way_on(row: Row) -> str:
    """How to come by what a task may have been paid for; or that it can be started again."""
    ways = [*_calls(row), *_to_be_looked_for(row)]
    return ". ".join(ways) or f"task {row.id[:8]} had not been submitted; start it again"


def _calls(row: Row) -> Sequence[str]:
    last = last_job(row)
    first = [f"openclaw_nb.resume({row.id[:8]!r}) finishes it"] if last else []
    others = [job for job in jobs_of(row) if job is not row] if row.ticket or not last else []
    return [
        *first,
        *(f"{fetching(row.id, ref_of(job))} takes up its job at {job.provider}" for job in others),
    ]


def _to_be_looked_for(row: Row) -> Sequence[str]:
    from openclaw_nb.providers import of
    from openclaw_nb.runtime import records

    refs = unreceipted(row)
    if not refs:
        return []
    ids = {ref.provider for ref in refs}
    finding = [each.finding for each in of(records.medium_of(row)) if each.id in ids]
    asked = " and ".join(map(str, refs))
    said = f"task {row.id[:8]} may have been submitted to {asked} and has no receipt of it"
    return [f"{said}. It is not sent again by itself", *dict.fromkeys(finding)]


def unreceipted(row: Row) -> list[Ref]:
    """Models that may have a job of which nothing is known."""
    from openclaw_nb.runtime import records  # it knows results and requests, and all they need

    refs = [attempt.ref for attempt in records.attempts_of(row) if attempt.may_exist]
    if row.sent:
        refs.append(ref_of(row))
    known = {ref_of(job) for job in jobs_of(row)}
    return [ref for ref in dict.fromkeys(refs) if ref not in known]
