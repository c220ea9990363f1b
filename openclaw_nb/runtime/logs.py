"""The package's log. A record is one line, whatever a vendor says in it."""

from __future__ import annotations

import logging

from openclaw_nb.errors import one_line

LOG = logging.getLogger("openclaw_nb")


class _Plain(logging.Filter):
    """Takes commands to terminals and line breaks out of messages; tracebacks keep theirs."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = one_line(record.getMessage()), None
        return True


LOG.addFilter(_Plain())
