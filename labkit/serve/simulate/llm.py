"""A language model served token by token: prefill, decode, KV memory, continuous batching."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from labkit.errors import ArgumentError, ResourceError
from labkit.types import Float

__all__ = ["LLMRun", "LLMServer", "serve_llm"]


@dataclass(frozen=True)
class LLMServer:
    """What one iteration of a served language model costs, from counts and datasheet facts.

    Attributes:
        flops_per_token: of one forward pass; about twice the number of parameters.
        weight_bytes: read once in every iteration, however many sequences share it.
        kv_bytes_per_token: keys and values kept for one token of one sequence.
        peak_flops: arithmetic the device reaches, FLOP/s.
        bandwidth_bytes_per_s: memory traffic the device reaches.
        memory_bytes: memory for weights and keys and values.
        overhead_s: launch and scheduling of one iteration.
        max_sequences: the most sequences that decode together.

    Source:
        Yu et al., Orca, OSDI 2022 (iteration-level scheduling); Kwon et al., PagedAttention,
        SOSP 2023 (memory by token).
    """

    flops_per_token: float
    weight_bytes: float
    kv_bytes_per_token: float
    peak_flops: float
    bandwidth_bytes_per_s: float
    memory_bytes: float
    overhead_s: float = 0.0
    max_sequences: int = 256

    @property
    def kv_capacity_tokens(self) -> int:
        """Tokens whose keys and values fit beside the weights."""
        return int(max(self.memory_bytes - self.weight_bytes, 0.0) // self.kv_bytes_per_token)

    def iteration_s(self, new_tokens: int, kept_tokens: int) -> float:
        """Time to run ``new_tokens`` through the model while attending to ``kept_tokens``."""
        moved_bytes = self.weight_bytes + self.kv_bytes_per_token * (kept_tokens + new_tokens)
        arithmetic_s = new_tokens * self.flops_per_token / self.peak_flops
        return self.overhead_s + max(arithmetic_s, moved_bytes / self.bandwidth_bytes_per_s)


class LLMRun(NamedTuple):
    """When each request saw its first and its last token, seconds after it came."""

    first_token_s: Float[np.ndarray, " n"]
    latency_s: Float[np.ndarray, " n"]
    iterations: int

    def per_token_s(self, output_tokens: ArrayLike) -> Float[np.ndarray, " n"]:
        """Mean time between tokens after the first; NaN for answers of one token."""
        rest = np.asarray(output_tokens, float) - 1.0
        per_token_s = np.full(rest.shape, np.nan)
        np.divide(self.latency_s - self.first_token_s, rest, out=per_token_s, where=rest > 0)
        return per_token_s


def serve_llm(
    times_s: ArrayLike, prompt_tokens: ArrayLike, output_tokens: ArrayLike, server: LLMServer
) -> LLMRun:
    """Run requests through one server with continuous batching, first come, first admitted.

    In each iteration the requests just admitted are prefilled, which gives their first token, and
    every other one decodes a token. A request is admitted when its prompt and its whole answer fit
    the memory left, so that none is ever evicted.

    Raises:
        ArgumentError: where the arrays differ in length, are out of order, or hold no token.
        ResourceError: where a request alone does not fit the memory.

    Example:
        >>> server = LLMServer(2e9, 2e9, 1e5, 1e12, 1e11, 8e9)
        >>> run = serve_llm([0.0], [10], [3], server)
        >>> run.first_token_s.round(4).tolist(), run.iterations
        ([0.02], 3)
    """
    times, prompts, outputs = (np.asarray(x) for x in (times_s, prompt_tokens, output_tokens))
    _check(times, prompts, outputs, server)
    first_s, last_s = np.zeros(times.size), np.zeros(times.size)
    waiting, active = deque(range(times.size)), np.array([], int)
    left = outputs.copy()
    free, now_s, iterations = server.kv_capacity_tokens, 0.0, 0
    while waiting or active.size:
        if not active.size:
            now_s = max(now_s, float(times[waiting[0]]))
        admitted: list[int] = []
        while waiting and times[waiting[0]] <= now_s:
            need = int(prompts[waiting[0]] + outputs[waiting[0]])
            if need > free or active.size + len(admitted) == server.max_sequences:
                break
            free -= need
            admitted.append(waiting.popleft())
        kept = int((prompts[active] + outputs[active] - left[active]).sum())
        now_s += server.iteration_s(int(prompts[admitted].sum()) + active.size, kept)
        iterations += 1
        first_s[admitted] = now_s
        active = np.concatenate([active, np.array(admitted, int)])
        left[active] -= 1
        done = active[left[active] == 0]
        last_s[done] = now_s
        free += int((prompts[done] + outputs[done]).sum())
        active = active[left[active] > 0]
    return LLMRun(first_s - times, last_s - times, iterations)


def _check(times: np.ndarray, prompts: np.ndarray, outputs: np.ndarray, server: LLMServer) -> None:
    if not times.shape == prompts.shape == outputs.shape or times.ndim != 1:
        raise ArgumentError("prompt_tokens", required="one per arrival", got=prompts.shape)
    if np.any(np.diff(times) < 0):
        raise ArgumentError("times_s", required="in order", got=times, fix="Sort the trace first.")
    if times.size and (prompts.min() < 1 or outputs.min() < 1):
        raise ArgumentError("output_tokens", required="at least 1, as prompt_tokens", got=outputs)
    longest = int((prompts + outputs).max()) if times.size else 0
    if longest > server.kv_capacity_tokens:
        raise ResourceError(
            f"A request of {longest} tokens does not fit: beside the weights there is room for the "
            f"keys and values of {server.kv_capacity_tokens}. "
            "Take a device with more memory, a smaller model, or shorter requests."
        )
