"""One small request to every provider and mode, to see whether the real services still answer as we expect.

Which suites, providers and models take part is worked out by pure functions (`selection`, `models`, `variables`), as
are the requests (`requests`) and what an answer means (`verdicts`). `run` sends them; `report` says what came of it.
"""
