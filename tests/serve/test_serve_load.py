"""The load generator and its quantiles."""

from __future__ import annotations

import socket
import threading
import time

import numpy as np
import pytest
from asgi import INFER, infer_json, on_a_port, scale_app, until
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import serve
from labkit.errors import ArgumentError
from labkit.serve.load import loopback_address

BODY = infer_json(np.ones((1, 2, 3)))


# ---------------------------------------------------------------- quantiles
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(1e-5, 100.0), min_size=1, max_size=300),
    st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999, 1.0]),
)
def test_a_quantile_is_within_its_precision_of_numpys(seconds, q):
    ours = serve.LatencyHistogram.of(seconds).quantile_s(q)
    exact = float(np.quantile(seconds, q, method="inverted_cdf"))
    assert ours == pytest.approx(exact, rel=0.0101)


def test_merged_histograms_are_the_histogram_of_all():
    rng = np.random.default_rng(0)
    parts = [rng.lognormal(-5, 1, n) for n in (10, 1000)]
    merged = serve.LatencyHistogram.of(parts[0])
    merged.merge(serve.LatencyHistogram.of(parts[1]))
    whole = serve.LatencyHistogram.of(np.concatenate(parts))
    np.testing.assert_array_equal(merged.counts, whole.counts)
    assert merged.quantiles_s() == whole.quantiles_s()
    assert merged.count == 1010


def test_what_no_histogram_can_hold_is_refused():
    histogram = serve.LatencyHistogram()
    with pytest.raises(ArgumentError, match="not empty"):
        histogram.quantile_s(0.5)
    with pytest.raises(ArgumentError, match="finite"):
        histogram.add([np.nan])
    with pytest.raises(ArgumentError, match="precision"):
        histogram.merge(serve.LatencyHistogram(0.02))


# ---------------------------------------------------------------- bounds
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org:80/",
        "http://192.168.0.1:8000/",
        "http://0.0.0.0:8000/",
        "https://127.0.0.1:8000/",
        "http://127.0.0.1/",
        "ftp://127.0.0.1:1/",
        "127.0.0.1:8000",
        "http://127.0.0.1.example.org:80/",
    ],
)
def test_only_this_machine_can_be_loaded(url):
    with pytest.raises(ArgumentError, match="loopback"):
        serve.run_load(url, [BODY], [0.0])


def test_loopback_has_several_names():
    assert loopback_address("http://localhost:80/x") == ("127.0.0.1", 80, "/x")
    assert loopback_address("http://127.3.2.1:80") == ("127.3.2.1", 80, "/")


@pytest.mark.parametrize(
    ("gaps", "bodies", "connections"),
    [
        ([], [BODY], 1),
        ([-1.0], [BODY], 1),
        ([np.nan], [BODY], 1),
        ([4000.0], [BODY], 1),
        (np.zeros(2_000_001), [BODY], 1),
        ([0.0], [], 1),
        ([0.0], [BODY], 0),
        ([0.0], [BODY], 5000),
    ],
)
def test_a_load_without_bounds_is_refused(gaps, bodies, connections):
    with pytest.raises(ArgumentError):
        serve.run_load("http://127.0.0.1:1/", bodies, gaps, connections=connections)


# ---------------------------------------------------------------- requests
def test_every_request_is_answered_and_told_apart():
    with on_a_port(scale_app()) as (port, _):
        bodies = [BODY, b"not json"]
        url = f"http://127.0.0.1:{port}{INFER}"
        result = serve.run_load(url, bodies, np.full(200, 0.001), connections=4)
    assert result.statuses == {200: 100, 400: 100}
    assert result.status.tolist() == [200, 400] * 100
    assert np.all(result.latency_s > 0)
    assert result.histogram.count == 100
    good = result.status == 200
    assert np.all(result.timing("engine")[good] >= 0)
    assert np.all(np.isnan(result.timing("engine")[~good]))
    assert np.all(result.batch_rows[good] >= 1)


def test_a_stall_is_seen_by_the_requests_that_it_held_up():
    """A server that answers the first request after 0.5 s and the others at once.

    A closed loop over one connection would note one slow answer. Here those that were meant to
    leave meanwhile count from then: the latency of request i is at least 0.5 s less what i began
    later. The bound is one of logic; a busy machine only makes the left side larger.
    """
    gaps = np.full(20, 0.02)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def stall():
            client, _ = listening.accept()
            with client:
                first = True
                data = b""
                while part := client.recv(2**16):
                    data += part
                    while b"\r\n\r\n" in data:
                        data = data.partition(b"\r\n\r\n")[2]
                        time.sleep(0.5 if first else 0.0)
                        first = False
                        client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=stall)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        result = serve.run_load(url, [b""], gaps, connections=1)
        thread.join()
    assert result.statuses == {200: 20}
    assert np.all(result.latency_s >= 0.5 - (result.intended_s - result.intended_s[0]) - 1e-6)


def test_a_server_that_breaks_off_is_counted_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up():
            for _ in range(3):
                client, _ = listening.accept()
                client.recv(2**16)
                client.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        result = serve.run_load(url, [b""], [0.0, 0.2, 0.2], connections=1)
        thread.join()
    assert result.statuses == {0: 3}
    assert np.isnan(result.latency_s).all()
    assert result.throughput_per_s == 0


def answer_one_of_eight(listening):
    """Answer on one connection; say unasked on the others that they took too long, and close."""
    # The generator opens eight before it begins, and uses the last one first.
    *others, served = [listening.accept()[0] for _ in range(8)]
    for client in others:
        client.sendall(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        client.close()
    data = b""
    with served:
        while part := served.recv(2**16):
            data += part
            while b"\r\n\r\n" in data:
                data = data.partition(b"\r\n\r\n")[2]
                served.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def test_what_a_server_says_unasked_is_no_answer():
    """Connections that idle are closed by the server, some with a last word.

    Each such word once counted as the answer of the last request, so that the run ended, and the
    connections with it, before the last answers had come.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer_one_of_eight, args=(listening,))
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        result = serve.run_load(url, [b""], np.full(20, 0.02), connections=8)
        thread.join()
    assert result.statuses == {200: 20}


def test_a_connection_that_idled_long_is_not_used_again(monkeypatch):
    """The server may be closing it just then; here each one is closed after its first answer."""
    monkeypatch.setattr("labkit.serve.clients.IDLE_S", -1.0)
    with on_a_port(scale_app()) as (port, server):
        url = f"http://127.0.0.1:{port}{INFER}"
        result = serve.run_load(url, [BODY], np.full(30, 0.005), connections=4)
        until(lambda: not server.server_state.connections)
    assert result.statuses == {200: 30}
