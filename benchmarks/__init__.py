"""Speed, memory and quality against named peers, run on demand: ``python -m benchmarks.NAME``."""
