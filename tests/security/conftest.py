"""A listener for every logger that sees a request."""

from __future__ import annotations

import logging

import pytest

LOGGERS = ("openclaw_nb", "httpx", "httpcore", "asyncio")


class Records(logging.Handler):
    """Every record as a handler would write it, and as a handler could see it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.everything: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        self.everything.append(f"{record.name} {self.lines[-1]} {record.args!r}")


@pytest.fixture
def records():
    handler = Records()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger.level, logger.handlers[:]) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    yield handler
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers
