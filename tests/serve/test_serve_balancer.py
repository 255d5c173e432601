"""Balancer, policies, fleet: a request that was accepted is answered, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import threading
import urllib.request
from collections import Counter

import numpy as np
import pytest
from asgi import INFER, MODEL, ask, infer_json, on_a_port, run, scale_app, until
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from labkit import export, serve
from labkit.errors import ArgumentError, LabkitError
from labkit.models import MLP, MLPConfig

ROWS = np.ones((1, 2, 3), np.float32)


# ---------------------------------------------------------------- policies
@given(
    st.sampled_from(sorted(serve.POLICIES)),
    st.lists(st.integers(0, 50), min_size=1, max_size=9),
    st.integers(0, 10_000),
)
def test_every_policy_names_a_replica(name, in_hand, turn):
    assert serve.POLICIES[name](in_hand, turn, random.Random(turn)) in range(len(in_hand))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9), st.integers(0, 100))
def test_least_loaded_takes_a_smallest(in_hand, turn):
    assert in_hand[serve.least_loaded(in_hand, turn, random.Random(0))] == min(in_hand)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=9, unique=True), st.integers(0, 100))
def test_two_choices_never_take_the_most_loaded(in_hand, seed):
    assert in_hand[serve.power_of_two_choices(in_hand, 0, random.Random(seed))] < max(in_hand)


def fullest_bin(name, balls=20_000, bins=200):
    load, rng = [0] * bins, random.Random(1)
    for turn in range(balls):
        load[serve.POLICIES[name](load, turn, rng)] += 1
    return max(load) - balls // bins


def test_two_choices_leave_bins_almost_level():
    """Above the mean: ln ln n / ln 2 + O(1), about 2.4 here, where one blind choice leaves ~ 30.

    Source: Berenbrink et al., Balanced Allocations: The Heavily Loaded Case, 2006.
    """
    assert fullest_bin("power_of_two") <= 5
    assert fullest_bin("least_loaded") == fullest_bin("round_robin") == 0


# ---------------------------------------------------------------- balancer
class Fixed:
    """Replicas on given ports."""

    def __init__(self, *ports):
        self.up = list(ports)

    def ports(self):
        return self.up

    def report(self):
        return [{"port": port} for port in self.up]


async def let_go(balancer):
    balancer.close()
    await asyncio.sleep(0)  # in which the closed connections take their leave


async def broken_replica(how):
    """A server that reads a request and then breaks the connection, in one of several ways."""

    async def serve_one(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if how == "half an answer":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            await writer.drain()
        if how == "draining":
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("how", ["at once", "half an answer", "draining", "nobody listens"])
def test_a_request_to_a_broken_replica_goes_to_another(how):
    async def scene(good):
        server, bad = await broken_replica(how)
        if how == "nobody listens":
            server.close()
        balancer = serve.Balancer(Fixed(bad, good), policy=serve.take_turns)
        answers = [await ask(balancer, "POST", INFER, infer_json(ROWS)) for _ in range(6)]
        server.close()
        await let_go(balancer)
        return answers, balancer.resent

    with on_a_port(scale_app()) as (good, _):
        answers, resent = asyncio.run(scene(good))
    assert [status for status, _, _ in answers] == [200] * 6
    assert json.loads(answers[0][2])["outputs"][0]["data"] == [2.0] * 6
    assert resent >= 2


def test_a_binary_answer_passes_the_balancer_unchanged():
    headers, body = serve.write_request(ROWS, MODEL.input)
    with on_a_port(scale_app()) as (port, _):

        async def scene():
            balancer = serve.Balancer(Fixed(port))
            answer = await ask(balancer, "POST", INFER, body, headers)
            await let_go(balancer)
            return answer

        status, told, answer = asyncio.run(scene())
    assert status == 200
    at = int(told["inference-header-content-length"])
    assert np.frombuffer(answer[at:], "<f4").tolist() == [2.0] * 6


def test_a_request_waits_for_a_replica_to_come_back():
    async def scene(port):
        replicas = Fixed()
        balancer = serve.Balancer(replicas)
        asked = asyncio.create_task(ask(balancer, "POST", INFER, infer_json(ROWS)))
        while not balancer._in_hand:
            await asyncio.sleep(0)
        replicas.up.append(port)
        answer = await asked
        await let_go(balancer)
        return answer

    with on_a_port(scale_app()) as (port, _):
        assert asyncio.run(scene(port))[0] == 200


def test_without_a_replica_patience_ends_in_503():
    ((status, headers, _),) = run(
        ask(serve.Balancer(Fixed(), patience_s=0.05), "POST", INFER, infer_json(ROWS))
    )
    assert status == 503
    assert headers["retry-after"]


def test_the_balancer_has_bounds_of_its_own():
    limits = serve.Settings(max_queue=1, max_body_bytes=100)
    balancer = serve.Balancer(Fixed(), limits, patience_s=0.05)
    long, (first, second) = (
        run(ask(balancer, "POST", INFER, b"x" * 101))[0],
        run(*(ask(balancer, "POST", INFER, b"x") for _ in range(2))),
    )
    assert long[0] == 413
    assert sorted((first[0], second[0])) == [429, 503]


# ---------------------------------------------------------------- real processes
@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    model = MLP(MLPConfig.digits(), rngs=nnx.Rngs(0))
    images = np.zeros((1, 8, 8, 1), np.float32)
    return export.save_bundle(
        tmp_path_factory.mktemp("digits"), model, images, name="digits", sizes=(1, 16)
    )


def digits_request(bundle):
    image = np.random.default_rng(0).random((1, 8, 8, 1)).astype(np.float32)
    return serve.write_request(image, bundle.manifest.input)


def status_page(url):
    with urllib.request.urlopen(f"{url}/replicas") as page:
        return json.loads(page.read())


def test_a_killed_replica_loses_no_accepted_request_and_is_replaced(bundle):
    """Each request waits a second in its replica, so that many are there when it is killed."""
    slow = serve.Settings(max_batch=1000, max_queue=1000, max_wait_s=1.0)
    headers, body = digits_request(bundle)
    with serve.start_server(bundle.folder, slow, replicas=2) as server:
        before = status_page(server.url)["replicas"]
        url = f"{server.url}/v2/models/digits/infer"

        def kill_when_busy():
            until(lambda: status_page(server.url)["in_hand"] > 20)
            os.kill(before[0]["pid"], signal.SIGKILL)

        killer = threading.Thread(target=kill_when_busy)

        killer.start()
        result = serve.run_load(
            url, [body], np.full(400, 0.005), headers=headers, connections=400, timeout_s=90.0
        )
        killer.join()
        assert result.statuses == {200: 400}
        until(lambda: all(each["up"] for each in status_page(server.url)["replicas"]))
        after = status_page(server.url)
    assert after["resent"] > 0
    assert Counter(each["deaths"] for each in after["replicas"]) == {0: 1, 1: 1}
    assert after["replicas"][0]["pid"] != before[0]["pid"]
    assert server.exit_code == 0


def test_a_server_told_to_stop_answers_what_it_has_in_hand(bundle):
    slow = serve.Settings(max_batch=1000, max_wait_s=5.0)
    headers, body = digits_request(bundle)
    server = serve.start_server(bundle.folder, slow)
    outcome = {}

    def ask_it():
        request = urllib.request.Request(f"{server.url}/v2/models/digits/infer", body, headers)
        with urllib.request.urlopen(request) as answer:
            outcome["status"] = answer.status

    asking = threading.Thread(target=ask_it)
    asking.start()

    def waits():
        with urllib.request.urlopen(f"{server.url}/metrics") as page:
            return b"labkit_queued_rows 1.0" in page.read()

    until(waits)
    assert server.stop() == 0
    asking.join()
    assert outcome == {"status": 200}


def test_a_server_that_cannot_start_says_why(tmp_path):
    with pytest.raises(LabkitError, match="not an exported model"):
        serve.start_server(tmp_path / "nothing")
    with pytest.raises(ArgumentError, match="count"):
        serve.Fleet(lambda: None, 0)
