"""What finds a provider's job again."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from openclaw_nb.core.domain import Ref


class Receipt(BaseModel):
    """A job that was accepted: who has it, where it is asked after, and what was done for it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    provider: str
    model: str
    base_url: str | None
    ticket: dict[str, Any]
    job_id: str | None
    plan: dict[str, Any]

    @property
    def ref(self) -> Ref:
        """The model that works on it."""
        return Ref(self.provider, self.model)
