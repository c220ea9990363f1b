"""Generate video from a notebook, with any of many providers."""
