"""The Open Inference Protocol: its documents' examples, and thousands of requests that break it."""

from __future__ import annotations

import asyncio
import json
import random

import numpy as np
import pytest
from asgi import INFER, MODEL, ask, infer_json, run, scale_app

from labkit import serve
from labkit.export import DATATYPES, Manifest, TensorSpec

ROWS = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


@pytest.fixture
def app():
    made = scale_app()
    yield made
    made.close()


def test_health_and_metadata_have_the_documents_fields(app):
    """Field for field as in the protocol's section on HTTP/REST."""
    answers = run(
        ask(app, "GET", "/v2/health/live"),
        ask(app, "GET", "/v2/health/ready"),
        ask(app, "GET", "/v2/models/scale/ready"),
        ask(app, "GET", "/v2"),
        ask(app, "GET", "/v2/models/scale"),
        ask(app, "GET", "/v2/models/scale/versions/3/"),
    )
    assert [status for status, _, _ in answers] == [200] * 6
    server, model, version = (json.loads(body) for _, _, body in answers[3:])
    assert set(server) == {"name", "version", "extensions"}
    assert server["extensions"] == ["binary_tensor_data"]
    assert model == version
    assert model == {
        "name": "scale",
        "versions": ["3"],
        "platform": "labkit_python",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2, 3]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2, 3]}],
    }


@pytest.mark.parametrize("flat", [True, False])
def test_json_in_json_out(app, flat):
    data = ROWS.ravel().tolist() if flat else ROWS.tolist()
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 2, 3], "data": data}
    body = json.dumps({"id": "42", "inputs": [tensor], "outputs": [{"name": "y"}]}).encode()
    ((status, headers, answer),) = run(ask(app, "POST", INFER, body))
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert int(headers["content-length"]) == len(answer)
    assert json.loads(answer) == {
        "model_name": "scale",
        "model_version": "3",
        "id": "42",
        "outputs": [
            {"name": "y", "datatype": "FP32", "shape": [1, 2, 3],
             "data": [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]}
        ],
    }  # fmt: skip


@pytest.mark.parametrize("asks", ["parameters", "outputs", "neither"])
def test_binary_tensors_written_by_hand(app, asks):
    """Laid out byte by byte as the extension says: JSON, then little-endian values."""
    raw = np.array([0, 1, 2, 3, 4, 5], "<f4").tobytes()
    told = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2, 3],
                        "parameters": {"binary_data_size": 24}}]}  # fmt: skip
    if asks == "parameters":
        told["parameters"] = {"binary_data_output": True}
    if asks == "outputs":
        told["outputs"] = [{"name": "y", "parameters": {"binary_data": True}}]
    head = json.dumps(told).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    ((status, headers, answer),) = run(ask(app, "POST", INFER, head + raw, length))
    assert status == 200
    if asks == "neither":
        assert json.loads(answer)["outputs"][0]["data"] == [0, 2, 4, 6, 8, 10]
        return
    at = int(headers["inference-header-content-length"])
    tensor = json.loads(answer[:at])["outputs"][0]
    assert tensor["parameters"] == {"binary_data_size": 24}
    assert np.frombuffer(answer[at:], "<f4").tolist() == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("datatype", DATATYPES)
@pytest.mark.parametrize("binary", [True, False])
def test_every_type_survives_the_way_there_and_back(datatype, binary):
    spec = TensorSpec("x", datatype, (3,))
    manifest = Manifest("m", "1", spec, spec, (1,))
    rows = np.array([[0, 1, 1]]).astype(spec.dtype)
    headers, body = serve.write_request(rows, spec, binary=binary)
    length = headers.get("Inference-Header-Content-Length")
    asked = serve.read_request(body, manifest, json_length=length)
    assert asked.rows.dtype == spec.dtype
    np.testing.assert_array_equal(asked.rows, rows)
    answer = serve.write_answer(asked.rows, asked, manifest)
    told = dict(answer.headers)
    if binary:
        at = int(told[b"inference-header-content-length"])
        np.testing.assert_array_equal(np.frombuffer(answer.body[at:], spec.dtype), rows[0])
    else:
        assert json.loads(answer.body)["outputs"][0]["data"] == rows[0].tolist()


def test_an_output_that_json_cannot_say_is_refused_as_json_and_sent_as_bytes():
    app = scale_app(engine=lambda rows: np.full_like(rows, np.inf))
    headers, body = serve.write_request(ROWS, MODEL.input)
    plain, binary = run(
        ask(app, "POST", INFER, infer_json(ROWS)), ask(app, "POST", INFER, body, headers)
    )
    app.close()
    assert plain[0] == 422
    assert "binary" in json.loads(plain[2])["error"]
    assert binary[0] == 200
    assert np.isinf(np.frombuffer(binary[2][-24:], "<f4")).all()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v2/models/other", 404),
        ("POST", "/v2/models/scale/versions/4/infer", 404),
        ("GET", INFER, 405),
        ("DELETE", "/v2/models/scale", 405),
        ("POST", "/v2/health/live", 405),
    ],
)
def test_a_wrong_address_or_method_says_so(app, method, path, status):
    ((got, headers, body),) = run(ask(app, method, path, b"{}"))
    assert got == status
    assert json.loads(body)["error"]
    assert (status != 405) or headers["allow"]


# ---------------------------------------------------------------- malformed on purpose
def _junk(rng):
    """Some JSON value, mostly of the wrong kind."""
    return rng.choice(
        [None, True, -1, 0, 1.5, 10**30, "z", "", [], {}, [None], [[]], {"a": []}, "1", [1, "2"]]
    )


def _valid(rows=1):
    tensor = {"name": "x", "datatype": "FP32", "shape": [rows, 2, 3], "data": [0.5] * 6 * rows}
    return {"inputs": [tensor]}


def _not_json(rng):
    return b"\xff" + rng.randbytes(rng.randrange(60))


def _cut_short(rng):
    whole = json.dumps(_valid()).encode()
    return whole[: rng.randrange(len(whole))]


def _no_object(rng):
    return json.dumps(rng.choice([None, 1, "x", [], [_valid()], True, 1e300])).encode()


def _field_missing(rng):
    told = _valid()
    place = rng.choice([told, told["inputs"][0]])
    del place[rng.choice(sorted(place))]
    return json.dumps(told).encode()


def _field_of_a_wrong_kind(rng):
    told = _valid()
    place = rng.choice([told, told["inputs"][0]])
    place[rng.choice(sorted(place))] = _junk(rng)
    return json.dumps(told).encode()


def _optional_of_a_wrong_kind(rng):
    told = _valid()
    wrong = rng.choice([1, "x", [1], [{}], True])
    field = rng.choice(["parameters", "outputs", "id"])
    told[field] = [7] if field == "id" else wrong
    return json.dumps(told).encode()


def _wrong_shape(rng):
    told = _valid()
    shape = [rng.randrange(-3, 10**6) for _ in range(rng.randrange(5))]
    told["inputs"][0]["shape"] = shape if shape != [1, 2, 3] else [1, 3, 2]
    return json.dumps(told).encode()


def _wrong_data(rng):
    told = _valid()
    data = told["inputs"][0]["data"]
    data[rng.randrange(6)] = rng.choice([None, "1", [1], {}, 10**400, "NaN", [[0.5]]])
    return json.dumps(told).encode()


def _wrong_count(rng):
    told = _valid()
    told["inputs"][0]["data"] = [1.0] * rng.choice([0, 1, 5, 7, 12, 600])
    return json.dumps(told).encode()


def _not_finite(rng):
    text = json.dumps(_valid())
    return text.replace(
        "0.5", rng.choice(["NaN", "Infinity", "-Infinity", "1e999", "1e39"]), 1
    ).encode()


def _two_inputs(rng):
    told = _valid()
    told["inputs"] *= rng.randrange(2, 5)
    return json.dumps(told).encode()


def _too_deep(rng):
    deep = rng.choice([70, 2_000, 100_000])
    return b'{"inputs":' + b"[" * deep + b"]" * deep + b"}"


def _too_many_rows(rng):
    return json.dumps(_valid(rng.randrange(17, 40))).encode()


MALFORMED = [
    _not_json, _cut_short, _no_object, _field_missing, _field_of_a_wrong_kind,
    _optional_of_a_wrong_kind, _wrong_shape, _wrong_data, _wrong_count, _not_finite,
    _two_inputs, _too_deep, _too_many_rows,
]  # fmt: skip


def _bad_binary(rng):
    """Binary requests whose lengths do not agree."""
    headers, body = serve.write_request(ROWS, MODEL.input)
    at = int(headers["Inference-Header-Content-Length"])
    kind = rng.randrange(4)
    if kind == 0:
        wrong = rng.choice(["-1", "x", "", "1e3", "9" * 40, "0", "²", str(len(body) + 1)])
        return body, {"Inference-Header-Content-Length": wrong}
    if kind == 1:
        length = rng.choice([n for n in range(1, len(body) + 1) if n != at])
        return body, {"Inference-Header-Content-Length": str(length)}
    if kind == 2:
        return body[: at + rng.randrange(24)], headers
    size = json.dumps(rng.choice([-24, 0, 23, 25, 10**30, "24", 24.0, True])).encode()
    head = body[:at].replace(b'"binary_data_size": 24', b'"binary_data_size": ' + size)
    return head + body[at:], {"Inference-Header-Content-Length": str(len(head))}


def test_ten_thousand_malformed_requests_are_all_answered_4xx(app):
    async def all_of_them():
        rng = random.Random(6)
        for i in range(10_000):
            if i % 5 == 4:
                body, headers = _bad_binary(rng)
            else:
                body, headers = MALFORMED[i % len(MALFORMED)](rng), {}
            status, _, answer = await ask(app, "POST", INFER, body, headers)
            assert status == 400, (i, status, body[:200], headers)
            assert isinstance(json.loads(answer)["error"], str)
        return await ask(app, "POST", INFER, infer_json(ROWS))

    status, _, answer = asyncio.run(all_of_them())
    assert status == 200
    assert json.loads(answer)["outputs"][0]["data"] == [0, 2, 4, 6, 8, 10]


def test_bytes_flipped_anywhere_never_break_the_server(app):
    """Some of these are still valid requests; none may be answered 5xx."""

    async def all_of_them():
        rng = random.Random(7)
        whole, seen = infer_json(ROWS), set()
        for _ in range(2_000):
            body = bytearray(whole)
            for _ in range(rng.randrange(1, 4)):
                body[rng.randrange(len(body))] = rng.randrange(256)
            status, _, _ = await ask(app, "POST", INFER, bytes(body))
            seen.add(status)
        return seen

    assert asyncio.run(all_of_them()) <= {200, 400}
