"""Clients that misbehave below HTTP: over real sockets, each bounded, none in the others' way."""

from __future__ import annotations

import random
import socket
import time

import numpy as np
import pytest
from asgi import INFER, MODEL, double, infer_json, on_a_port, scale_app, until

from labkit import serve
from labkit.serve.wire import ResponseReader, request_bytes

ROWS = np.ones((1, 2, 3), np.float32)
GOOD = request_bytes("POST", INFER, {}, infer_json(ROWS))


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def answer_on(client) -> ResponseReader:
    reader = ResponseReader()
    while not reader.done:
        data = client.recv(2**16)
        assert data, "closed without an answer"
        reader.feed(data)
    return reader


def is_served(port) -> bool:
    """Whether a good request is answered; again where this client itself was held up too long."""

    def once():
        with connect(port) as client:
            client.sendall(GOOD)
            return answer_on(client).status == 200

    return any(once() for _ in range(5))


def read_to_the_end(client) -> bytes:
    """What comes until the server closes the connection, however it does."""
    parts = []
    try:
        while part := client.recv(2**16):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        (b"POST /v2/mod", b"408"),
        (b"GET /v2 HTTP/1.1\r\nHost: x\r\n", b"408"),
        (b"GET /v2 HTTP/1.1\r\n" + b"X-A: y\r\n" * 4000, b"431"),
    ],
)
def test_a_head_that_does_not_end_is_ended(begun, status):
    limits = serve.Settings(head_timeout_s=0.3, max_header_bytes=8_000)
    with on_a_port(scale_app(limits), limits) as (port, _), connect(port) as slow:
        slow.sendall(begun)
        assert is_served(port)  # while the slow one lingers
        said = read_to_the_end(slow)
        assert said.startswith(b"HTTP/1.1 " + status) or not said  # a reset may overtake it
        assert is_served(port)


def test_a_connection_without_a_request_idles_and_is_closed_without_a_word():
    limits = serve.Settings(head_timeout_s=0.05, idle_timeout_s=0.3)
    with on_a_port(scale_app(limits), limits) as (port, _), connect(port) as silent:
        assert is_served(port)
        assert read_to_the_end(silent) == b""


def test_a_first_request_may_come_later_than_a_head_may_take():
    limits = serve.Settings(head_timeout_s=0.05, idle_timeout_s=60.0)
    with on_a_port(scale_app(limits), limits) as (port, _), connect(port) as late:
        time.sleep(0.25)
        late.sendall(GOOD)
        assert answer_on(late).status == 200


def test_a_body_that_comes_too_slowly_is_answered_408():
    limits = serve.Settings(body_timeout_s=0.3)
    with on_a_port(scale_app(limits), limits) as (port, _), connect(port) as slow:
        slow.sendall(f"POST {INFER} HTTP/1.1\r\nContent-Length: 100\r\n\r\n{{".encode())
        assert is_served(port)
        assert answer_on(slow).status == 408
        assert not read_to_the_end(slow)


def test_a_body_too_long_is_answered_413_and_cut_off():
    limits = serve.Settings(max_body_bytes=1000)
    with on_a_port(scale_app(limits), limits) as (port, _), connect(port) as client:
        client.sendall(f"POST {INFER} HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n".encode())
        assert answer_on(client).status == 413
        assert not read_to_the_end(client)
        assert is_served(port)


def test_a_client_that_does_not_read_its_answer_is_cut_off():
    limits = serve.Settings(write_timeout_s=0.3, max_batch=4)
    shape = (1, 2, 3)

    def large(rows):
        return np.zeros((len(rows), 2**21, 3), np.float32)

    with on_a_port(scale_app(limits, large), limits) as (port, server), connect(port) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        headers, body = serve.write_request(np.zeros(shape, np.float32), MODEL.input)
        deaf.sendall(request_bytes("POST", INFER, headers, body))
        until(lambda: server.server_state.total_requests or server.server_state.tasks)
        until(lambda: not server.server_state.connections)


def test_a_flood_of_connections_is_refused_beyond_the_limit():
    limits = serve.Settings(max_connections=8)
    with on_a_port(scale_app(limits), limits) as (port, server):
        flood = [connect(port) for _ in range(40)]
        refused = 0
        try:
            for client in flood:
                client.sendall(GOOD)
            for client in flood:
                try:
                    refused += answer_on(client).status == 503
                except (AssertionError, ConnectionError):
                    refused += 1  # closed before it could be told
        finally:
            for client in flood:
                client.close()
        assert refused == 32
        until(lambda: not server.server_state.connections)
        assert is_served(port)


def test_bytes_that_are_not_http_harm_nobody():
    rng = random.Random(3)
    with on_a_port(scale_app()) as (port, _):
        for i in range(40):
            with connect(port) as client:
                noise = rng.randbytes(rng.randrange(1, 400))
                client.sendall(noise if i % 2 else GOOD[: rng.randrange(4, 60)] + noise)
                client.shutdown(socket.SHUT_WR)
                said = read_to_the_end(client)
                assert not said or said.startswith(b"HTTP/1.1 4"), said[:80]
        assert is_served(port)


def test_requests_sent_at_once_on_one_connection_are_answered_in_order():
    with on_a_port(scale_app(engine=double)) as (port, _), connect(port) as client:
        bodies = [infer_json(ROWS * i, id=str(i)) for i in range(5)]
        client.sendall(b"".join(request_bytes("POST", INFER, {}, body) for body in bodies))
        said = b""
        while said.count(b'"model_name"') < 5:
            said += client.recv(2**16)
        order = [said.index(f'"id": "{i}"'.encode()) for i in range(5)]
        assert order == sorted(order)
