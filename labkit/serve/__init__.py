"""Serving: what happens to a request between its arrival and its answer.

``simulate`` predicts it: queues, batches, caches, balancers and replicas as
recursions over arrivals, fast enough to sit behind a slider.
"""

from __future__ import annotations

from labkit.serve import simulate

__all__ = ["simulate"]
