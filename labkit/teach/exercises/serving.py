"""Exercises of notebook 10: the tail of many servers, a stall, the batch that keeps up, memory."""

from __future__ import annotations

from labkit.teach import judges
from labkit.teach.exercise import Exercise

__all__ = ["EXERCISES"]

TAIL = Exercise(
    name="serving.tail",
    prompt=(
        "A page asks `n` servers at once and is shown when the last has answered. Each server, "
        "on its own, answers within its p99 in a share `q = 0.99` of cases. Write a function of "
        "`n` and `q` that returns the share of pages that wait for at least one answer slower "
        "than that."
    ),
    judge=judges.function(
        lambda n, q: 1 - q**n,
        [(1, 0.99), (100, 0.99), (10, 0.999), (2, 0.5), (2000, 0.999)],
        traps=[
            (lambda n, q: q**n, "That is the share of pages that no server holds up."),
            (
                lambda _n, q: 1 - q,
                "That holds for one server; the page waits for the slowest of n.",
            ),
            (
                lambda n, q: n * (1 - q),
                "Shares of events that can happen together do not add up; it exceeds 1 for many.",
            ),
            (lambda n, q: (1 - q) ** n, "That is the share of pages that every server holds up."),
        ],
    ),
    hints=(
        "When is a page fast? When every one of its servers is.",
        "The servers are slow independently: multiply the shares.",
    ),
    solution="lambda n, q: 1 - q ** n",
    praise="With 100 servers, two pages in three meet a p99: the tail of one is the rule for all.",
)

STALL = Exercise(
    name="serving.stall",
    prompt=(
        "Requests are meant to leave every 10 ms. The server answers at once, but stalls for "
        "1 s, one time. Latencies are counted from the time a request was meant to leave. How "
        "many requests take longer than 100 ms?"
    ),
    judge=judges.number(
        90,
        rel=0.013,
        traps={
            1: "So says a closed loop, which sends nothing while it waits: coordinated omission.",
            100: "All that fall into the stall wait, but the last of them not for long.",
            10: "Those are the ones that wait less than 100 ms.",
            900: "Requests leave every 10 ms, not every ms.",
        },
    ),
    hints=(
        "A request that was meant to leave t into the stall waits for what is left of it.",
        "1 s - t > 0.1 s: for how many multiples of 10 ms is that so?",
    ),
    solution="90  # those of the first 900 ms of the stall, one every 10 ms",
    praise="The closed loop notes one slow answer of them: its p99 can be wrong a hundredfold.",
)


def _smallest_batch(rate: float, fixed_s: float, row_s: float) -> int:
    for batch in range(1, 100_000):
        if batch > rate * (fixed_s + row_s * batch):
            return batch
    return 0


KEEPS_UP = Exercise(
    name="serving.keeps_up",
    prompt=(
        "A batch of `b` requests takes `fixed_s + row_s * b` seconds. Write a function of "
        "`rate`, `fixed_s` and `row_s` that returns the smallest batch size at which the server "
        "computes more requests per second than arrive, or 0 where no batch is large enough."
    ),
    judge=judges.function(
        _smallest_batch,
        [
            (400, 0.004, 0.001),
            (880, 0.004, 0.001),
            (100, 0.001, 0.001),
            (50, 0.1, 0.0001),
            (1200, 0.004, 0.001),
        ],
        traps=[
            (
                lambda rate, fixed_s, row_s: int(rate * (fixed_s + row_s)) + 1,
                "A larger batch also takes longer.",
            ),
            (
                lambda rate, fixed_s, _row_s: int(rate * fixed_s) + 1,
                "Each further row costs time too.",
            ),
            (
                lambda *_: 1,
                "With a batch of 1 the fixed cost is paid for each request.",
            ),
        ],
    ),
    hints=(
        "A server with full batches answers b / (fixed_s + row_s * b) per second.",
        "Solve b > rate * (fixed_s + row_s * b) for b. When has it no solution?",
    ),
    solution=(
        "def smallest_batch(rate, fixed_s, row_s):\n"
        "    left = 1 - rate * row_s\n"
        "    return math.floor(rate * fixed_s / left) + 1 if left > 0 else 0"
    ),
    praise="The fixed cost is shared by the batch; above 1 / row_s no batch helps, only servers.",
)


def _answers_that_fit(memory: float, weights: float, layers: int, width: int, tokens: int) -> int:
    return max(0, int((memory - 2 * weights) // (2 * 2 * layers * width * tokens)))


KV_MEMORY = Exercise(
    name="serving.kv_memory",
    prompt=(
        "A language model of `weights` weights has `layers` layers of `width` channels. While it "
        "writes, it keeps a key and a value of `width` numbers for each token and each layer. All "
        "numbers take 2 bytes. Write a function of `memory` (bytes), `weights`, `layers`, `width` "
        "and `tokens` that returns how many conversations of `tokens` tokens each fit beside the "
        "weights at once; 0 where none does."
    ),
    judge=judges.function(
        _answers_that_fit,
        [
            (80e9, 6.7e9, 32, 4096, 2048),
            (24e9, 6.7e9, 32, 4096, 2048),
            (80e9, 13e9, 40, 5120, 4096),
            (16e9, 8.1e9, 32, 4096, 1024),
            (15e9, 6.7e9, 32, 4096, 4096),
        ],
        traps=[
            (
                lambda m, _w, layers, width, n: int(m // (4 * layers * width * n)),
                "The weights lie in the same memory.",
            ),
            (
                lambda m, w, layers, width, n: max(0, int((m - 2 * w) // (2 * layers * width * n))),
                "Both are kept, the key and the value, of 2 bytes a number.",
            ),
            (
                lambda m, w, _layers, width, n: max(0, int((m - 2 * w) // (4 * width * n))),
                "Every layer keeps its own keys and values.",
            ),
            (
                lambda m, w, layers, width, n: max(0, int((m - w) // (4 * layers * width * n))),
                "A weight takes 2 bytes too.",
            ),
            (
                lambda m, w, layers, width, n: int((m - 2 * w) // (4 * layers * width * n)),
                "Where the weights alone do not fit, the answer is 0, not a negative number.",
            ),
        ],
    ),
    hints=(
        "What do the weights leave? Divide it by what one conversation keeps.",
        "One token keeps 2 x layers x width numbers: a key and a value in each layer.",
    ),
    solution=(
        "lambda memory, weights, layers, width, tokens: max(\n"
        "    0, int((memory - 2 * weights) // (4 * layers * width * tokens))\n"
        ")"
    ),
    praise="So long conversations, not arithmetic, decide how many users share a device.",
)

EXERCISES = (TAIL, STALL, KEEPS_UP, KV_MEMORY)
