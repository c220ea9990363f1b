"""What a user of openclaw_nb feels, measured beside the peers: `python -m benchmarks`."""
