"""Batches, the cache, and every way of saying no; nothing here depends on how long it takes."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import threading

import numpy as np
import pytest
from asgi import INFER, MODEL, ask, double, infer_json, run, scale_app, until
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import serve
from labkit.errors import ArgumentError
from labkit.serve.simulate import lru


def rows_of(value, count=1):
    return np.full((count, 2, 3), value, np.float32)


class Gate:
    """An engine that waits until it is let go, and notes the batches it was given."""

    def __init__(self):
        self.open, self.batches = threading.Event(), []

    def __call__(self, rows):
        self.batches.append(len(rows))
        assert self.open.wait(60)
        return double(rows)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.integers(4, 8))
def test_every_request_of_a_batch_gets_its_own_rows(sizes, max_batch):
    seen = []

    def engine(rows):
        seen.append(len(rows))
        return double(rows)

    batcher = serve.Batcher(serve.FunctionEngine(engine), max_batch=max_batch, max_queue=1000)

    async def together():
        asked = [rows_of(i, size) for i, size in enumerate(sizes)]
        return await asyncio.gather(*(batcher.submit(rows) for rows in asked))

    for i, (size, computed) in enumerate(zip(sizes, asyncio.run(together()), strict=True)):
        np.testing.assert_array_equal(computed.rows, rows_of(2 * i, size))
        assert size <= computed.batch_rows <= max_batch
    assert sum(seen) == sum(sizes)
    batcher.close()


def test_what_comes_while_the_engine_is_busy_goes_together():
    gate = Gate()
    app = scale_app(serve.Settings(max_batch=8, max_wait_s=0.0), gate)

    async def scene():
        first = asyncio.create_task(ask(app, "POST", INFER, infer_json(rows_of(0))))
        await asyncio.to_thread(until, lambda: gate.batches == [1])
        rest = [
            asyncio.create_task(ask(app, "POST", INFER, infer_json(rows_of(i)))) for i in range(5)
        ]
        await asyncio.to_thread(until, lambda: app._batcher.queued == 5)
        gate.open.set()
        return await asyncio.gather(first, *rest)

    answers = asyncio.run(scene())
    app.close()
    assert [status for status, _, _ in answers] == [200] * 6
    assert gate.batches == [1, 5]
    assert "batch;desc=5" in answers[-1][1]["server-timing"]


def timings(header):
    found = re.findall(r"(\w+);dur=([\d.]+)", header)
    return {name: float(milliseconds) for name, milliseconds in found}


def test_a_wait_that_the_rule_does_not_ask_for_is_told_as_lateness():
    """Without a wait for others and with the engine free, all of the queue is lateness."""
    app = scale_app(serve.Settings(max_batch=8, max_wait_s=0.0))
    told = [timings(run(ask(app, "POST", INFER, infer_json(rows_of(i))))[0][1]["server-timing"])
            for i in range(5)]  # fmt: skip
    app.close()
    for each in told:
        assert each["queue"] == pytest.approx(each["late"], abs=1.1e-3)  # both to a microsecond
    app = scale_app(serve.Settings(max_batch=8, max_wait_s=0.2))
    waited = timings(run(ask(app, "POST", INFER, infer_json(rows_of(1))))[0][1]["server-timing"])
    app.close()
    assert waited["queue"] - waited["late"] == pytest.approx(200.0, abs=1.1e-3)


def test_an_engine_that_fails_is_a_500_and_the_next_request_is_answered():
    def engine(rows):
        if rows[0, 0, 0] < 0:
            raise RuntimeError("no negative numbers")
        return double(rows)

    app = scale_app(engine=engine)
    bad, good = run(ask(app, "POST", INFER, infer_json(rows_of(-1)))), None
    good = run(ask(app, "POST", INFER, infer_json(rows_of(1))))
    app.close()
    assert bad[0][0] == 500
    assert "no negative" not in bad[0][2].decode()  # the log says why, not the answer
    assert good[0][0] == 200


def test_a_full_queue_is_answered_429_with_when_to_come_back():
    gate = Gate()
    app = scale_app(serve.Settings(max_batch=1, max_wait_s=0.0, max_queue=2), gate)

    async def scene():
        body = infer_json(rows_of(1))
        tasks = [asyncio.create_task(ask(app, "POST", INFER, body))]
        await asyncio.to_thread(until, lambda: gate.batches == [1])
        tasks += [asyncio.create_task(ask(app, "POST", INFER, body)) for _ in range(2)]
        await asyncio.to_thread(until, lambda: app._batcher.queued == 2)
        refused = await ask(app, "POST", INFER, body)
        gate.open.set()
        return refused, await asyncio.gather(*tasks)

    (status, headers, _), answered = asyncio.run(scene())
    app.close()
    assert status == 429
    assert int(headers["retry-after"]) >= 1
    assert [each[0] for each in answered] == [200] * 3


def test_draining_answers_what_was_accepted_and_takes_nothing_new():
    gate = Gate()
    app = scale_app(engine=gate)

    async def scene():
        first = asyncio.create_task(ask(app, "POST", INFER, infer_json(rows_of(1))))
        await asyncio.to_thread(until, lambda: gate.batches == [1])
        app.drain()
        late = await ask(app, "POST", INFER, infer_json(rows_of(1)))
        ready = await ask(app, "GET", "/v2/health/ready")
        live = await ask(app, "GET", "/v2/health/live")
        gate.open.set()
        return late, ready, live, await first

    late, ready, live, first = asyncio.run(scene())
    app.close()
    assert late[0] == ready[0] == 503
    assert late[1]["connection"] == "close"
    assert int(late[1]["retry-after"]) >= 1
    assert live[0] == first[0] == 200


def test_the_lifespan_ends_once_the_engine_has_answered_all():
    app = scale_app()
    sent = []

    async def scene():
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        async def receive():
            return messages.pop(0)

        async def send(message):
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)

    asyncio.run(scene())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not app.ready


# ---------------------------------------------------------------- bodies
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_too_long_is_refused(announced):
    app = scale_app(serve.Settings(max_body_bytes=1000))
    unread = [lambda: pytest.fail("it was read on")]
    if announced:
        headers, parts = {"content-length": "1001"}, unread
    else:
        headers, parts = {}, [b"x" * 600, b"x" * 600, *unread]
    ((status, told, _),) = run(ask(app, "POST", INFER, headers=headers, parts=parts))
    app.close()
    assert status == 413
    assert told["connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "x", "1e3", ""])
def test_a_length_that_is_no_number_is_refused(length):
    app = scale_app()
    ((status, _, _),) = run(ask(app, "POST", INFER, b"{}", {"content-length": length}))
    app.close()
    assert status == 400


def test_a_body_that_never_ends_is_answered_408():
    app = scale_app(serve.Settings(body_timeout_s=0.05))
    forever = asyncio.Event

    async def never():
        await forever().wait()

    ((status, headers, _),) = run(ask(app, "POST", INFER, parts=[b"{", never]))
    app.close()
    assert status == 408
    assert headers["connection"] == "close"


def test_a_compressed_body_is_refused():
    app = scale_app()
    ((status, _, _),) = run(ask(app, "POST", INFER, b"", {"content-encoding": "gzip"}))
    app.close()
    assert status == 415


# ---------------------------------------------------------------- the cache
def test_the_same_content_is_computed_once_however_it_is_written():
    calls = []

    def engine(rows):
        calls.append(len(rows))
        return double(rows)

    app = scale_app(serve.Settings(cache_bytes=10_000), engine)
    headers, binary = serve.write_request(rows_of(1), MODEL.input)
    asks = [(infer_json(rows_of(1)), {}), (binary, headers), (infer_json(rows_of(2)), {})]
    answers = [run(ask(app, "POST", INFER, *each))[0] for each in [*asks, asks[0]]]
    page = run(ask(app, "GET", "/metrics"))[0][2].decode()
    app.close()
    assert calls == [1, 1]
    assert json.loads(answers[0][2])["outputs"] == json.loads(answers[3][2])["outputs"]
    assert 'labkit_cache_total{outcome="hit"} 2.0' in page
    assert 'labkit_cache_total{outcome="miss"} 2.0' in page


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=80), st.integers(1, 6))
def test_the_cache_hits_where_the_simulated_one_does(wanted, capacity):
    """Equal entries: a byte bound is then a bound on their number, which `simulate.lru` has."""
    answer = np.zeros((1, 4))
    cache = serve.ResponseCache(capacity * (answer.nbytes + serve.ResponseCache.ENTRY_BYTES))
    hits = []
    for item in wanted:
        key = cache.key(np.full((1, 2), item))
        hits.append(cache.get(key) is not None)
        if not hits[-1]:
            cache.put(key, answer)
        assert cache.used_bytes <= cache.max_bytes
    assert hits == lru(wanted, capacity).hit.tolist()


def test_shape_and_type_are_part_of_the_question():
    zeros = [np.zeros((1, 4), np.float32), np.zeros((2, 2), np.float32), np.zeros((1, 4), np.int32)]
    assert len({serve.ResponseCache.key(rows) for rows in zeros}) == 3


def test_an_answer_larger_than_the_cache_is_not_kept():
    cache = serve.ResponseCache(100)
    cache.put(b"k", np.zeros(1000))
    assert len(cache) == cache.used_bytes == 0


# ---------------------------------------------------------------- what it tells of itself
def test_metrics_are_read_by_prometheus_own_parser():
    from prometheus_client.parser import text_string_to_metric_families

    app = scale_app()
    run(ask(app, "POST", INFER, infer_json(rows_of(1))), ask(app, "GET", "/nowhere"))
    ((_, headers, page),) = run(ask(app, "GET", "/metrics"))
    app.close()
    assert headers["content-type"].startswith("text/plain")
    found = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }
    assert found["labkit_requests_total", "200"] == 1
    assert found["labkit_requests_total", "404"] == 1
    assert found["labkit_batch_rows_count", None] == 1


def test_each_request_is_one_line_of_json():
    stream = io.StringIO()
    uvicorn_handlers = logging.getLogger("uvicorn").handlers[:]
    serve.log_to(stream)
    try:
        app = scale_app()
        run(ask(app, "POST", INFER, infer_json(rows_of(1), id="q")), ask(app, "GET", "/nowhere"))
        app.close()
    finally:
        serve.LOGGER.handlers.clear()
        serve.LOGGER.setLevel(logging.NOTSET)
        serve.LOGGER.propagate = True
        logging.getLogger("uvicorn").handlers[:] = uvicorn_handlers
        logging.getLogger("uvicorn").propagate = True
    lines = sorted(map(json.loads, stream.getvalue().splitlines()), key=lambda x: x["status"])
    assert [line["status"] for line in lines] == [200, 404]
    assert lines[0]["event"] == "request"
    assert lines[0]["id"] == "q"
    assert lines[0]["batch_rows"] == 1
    assert {"time", "level", "seconds", "engine_s", "queue_s"} <= set(lines[0])


def test_settings_survive_their_text_and_refuse_what_they_do_not_know():
    chosen = serve.Settings(max_batch=3, engine="xla")
    assert serve.Settings.from_json(chosen.to_json()) == chosen
    with pytest.raises(ArgumentError, match="settings"):
        serve.Settings.from_json('{"max_bach": 3}')
    with pytest.raises(ArgumentError, match="max_batch"):
        serve.Settings(max_batch=0)
    with pytest.raises(ArgumentError, match="max_wait_s"):
        serve.Settings(max_wait_s=-1)
