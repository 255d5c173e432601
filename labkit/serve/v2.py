"""The Open Inference Protocol, version 2: requests read and checked, answers written.

Source:
    https://github.com/kserve/open-inference-protocol, "Inference Protocol HTTP/REST", and
    its binary tensor data extension as Triton documents it: the JSON comes first, its length in
    the header ``Inference-Header-Content-Length``, then the raw tensors, little-endian.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, NoReturn

import numpy as np

from labkit.export import Manifest, TensorSpec
from labkit.serve.answer import Answer, RefusedError

__all__ = ["Asked", "model_metadata", "read_request", "write_answer", "write_request"]

JSON_LENGTH = "inference-header-content-length"


class Asked(NamedTuple):
    """A request that was understood.

    Attributes:
        rows: the input, batch axis first, of the model's own type.
        id: as the client sent it, or "".
        binary: whether the answer's tensor is wanted as raw bytes.
    """

    rows: np.ndarray
    id: str
    binary: bool


def model_metadata(manifest: Manifest, platform: str) -> dict[str, Any]:
    """What the protocol tells of a model; the batch axis has length -1."""

    def tensor(spec: TensorSpec) -> dict[str, Any]:
        return {"name": spec.name, "datatype": spec.datatype, "shape": [-1, *spec.shape]}

    return {
        "name": manifest.name,
        "versions": [manifest.version],
        "platform": platform,
        "inputs": [tensor(manifest.input)],
        "outputs": [tensor(manifest.output)],
    }


def read_request(
    body: bytes, manifest: Manifest, *, json_length: str | None = None, max_rows: int = 2**16
) -> Asked:
    """Read the body of an inference request.

    Args:
        body: as it came.
        manifest: of the model that is asked.
        json_length: the header ``Inference-Header-Content-Length``, where there is one.
        max_rows: of one request.

    Raises:
        RefusedError: 400, and what was wrong with it.

    Example:
        >>> pair = TensorSpec("x", "FP32", (2,))
        >>> text = b'{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}]}'
        >>> read_request(text, Manifest("m", "1", pair, pair, (1,))).rows
        array([[1., 2.]], dtype=float32)
    """
    length = _length(json_length, len(body))
    told = _json(body[:length])
    tensor = _the_one(told.get("inputs"), "inputs", manifest.input.name)
    shape = _shape(tensor, manifest.input, max_rows)
    size = _parameters(tensor).get("binary_data_size")
    if size is None:
        if length != len(body):
            _no("bytes follow the JSON, but the input has no 'binary_data_size'")
        rows = _listed(tensor.get("data"), manifest.input, shape)
    else:
        if "data" in tensor:
            _no("the input has both 'data' and 'binary_data_size'")
        rows = _raw(body[length:], size, manifest.input, shape)
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        _no("the input holds a number that is not finite")
    asked_id = told.get("id", "")
    if not isinstance(asked_id, str):
        _no("'id' must be a text")
    return Asked(rows, asked_id, _wants_binary(told, manifest.output.name))


def write_answer(rows: np.ndarray, asked: Asked, manifest: Manifest) -> Answer:
    """The answer to a request, its tensor as the request wanted it.

    Raises:
        RefusedError: 422 where JSON was wanted and a number is not finite.
    """
    spec = manifest.output
    tensor: dict[str, Any] = {
        "name": spec.name,
        "datatype": spec.datatype,
        "shape": list(rows.shape),
    }
    told: dict[str, Any] = {"model_name": manifest.name, "model_version": manifest.version}
    told |= {"id": asked.id} if asked.id else {}
    raw = b""
    if asked.binary:
        raw = np.ascontiguousarray(rows, spec.dtype.newbyteorder("<")).tobytes()
        tensor["parameters"] = {"binary_data_size": len(raw)}
    else:
        tensor["data"] = rows.ravel().tolist()
    try:
        head = json.dumps(told | {"outputs": [tensor]}, allow_nan=False).encode()
    except ValueError:
        raise RefusedError(
            422, "the outputs are not all finite, which JSON cannot say: ask for binary data"
        ) from None
    headers = [(b"content-length", str(len(head) + len(raw)).encode())]
    if asked.binary:
        headers += [(b"content-type", b"application/octet-stream")]
        headers += [(JSON_LENGTH.encode(), str(len(head)).encode())]
    else:
        headers += [(b"content-type", b"application/json")]
    return Answer(200, tuple(headers), head + raw)


def write_request(
    rows: np.ndarray, spec: TensorSpec, *, binary: bool = True
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request, as a client writes it.

    Example:
        >>> rows = np.zeros((1, 2), np.float32)
        >>> headers, body = write_request(rows, TensorSpec("x", "FP32", (2,)))
        >>> len(body) - int(headers["Inference-Header-Content-Length"])
        8
    """
    tensor: dict[str, Any] = {"name": spec.name, "datatype": spec.datatype}
    tensor["shape"] = list(rows.shape)
    if not binary:
        body = json.dumps({"inputs": [tensor | {"data": rows.ravel().tolist()}]}).encode()
        return {"Content-Type": "application/json"}, body
    raw = np.ascontiguousarray(rows, spec.dtype.newbyteorder("<")).tobytes()
    tensor["parameters"] = {"binary_data_size": len(raw)}
    told = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    head = json.dumps(told).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(head)),
    }
    return headers, head + raw


def _no(message: str) -> NoReturn:
    raise RefusedError(400, message)


def _length(told: str | None, total: int) -> int:
    if told is None:
        return total
    if not (told.isascii() and told.isdecimal() and len(told) < 12 and 0 < int(told) <= total):
        _no(f"Inference-Header-Content-Length must be from 1 to {total}, the length of the body")
    return int(told)


def _json(text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text, parse_constant=lambda name: _no(f"{name} is not JSON"))
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"the body is not JSON: {str(error)[:120]}") from None
    if not isinstance(told, dict):
        _no("the body must be a JSON object")
    return told


def _the_one(listed: Any, field: str, name: str) -> dict[str, Any]:
    if not isinstance(listed, list) or len(listed) != 1 or not isinstance(listed[0], dict):
        _no(f"'{field}' must be a list of one object")
    if listed[0].get("name") != name:
        _no(f"'{field}' must name {name!r}")
    return listed[0]


def _parameters(told: dict[str, Any]) -> dict[str, Any]:
    parameters = told.get("parameters", {})
    if not isinstance(parameters, dict):
        _no("'parameters' must be an object")
    return parameters


def _shape(tensor: dict[str, Any], spec: TensorSpec, max_rows: int) -> tuple[int, ...]:
    if tensor.get("datatype") != spec.datatype:
        _no(f"'datatype' must be {spec.datatype!r}")
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(n) is int for n in shape):
        _no("'shape' must be a list of whole numbers")
    if not shape or tuple(shape[1:]) != spec.shape or not 1 <= shape[0] <= max_rows:
        _no(f"'shape' must be {[f'1 to {max_rows}', *spec.shape]}")
    return tuple(shape)


def _listed(data: Any, spec: TensorSpec, shape: tuple[int, ...]) -> np.ndarray:
    """A tensor written as numbers, flat or nested."""
    if not isinstance(data, list):
        _no("'data' must be a list")
    try:
        given = np.asarray(data)
    except (ValueError, OverflowError, RecursionError):
        _no("'data' must be a flat list, or nested as 'shape' says")
    if given.shape not in (shape, (int(np.prod(shape)),)):
        _no(f"'data' must hold {int(np.prod(shape))} numbers, flat or nested as 'shape' says")
    kinds = {"b": "b", "i": "iu", "u": "iu", "f": "iuf"}[spec.dtype.kind]
    if given.dtype.kind not in kinds:
        _no(f"'data' must hold values of {spec.datatype}")
    if spec.dtype.kind in "iu":
        bounds = np.iinfo(spec.dtype)
        if int(given.min()) < bounds.min or int(given.max()) > bounds.max:
            _no(f"'data' must hold values of {spec.datatype}")
    with np.errstate(over="ignore"):
        return given.astype(spec.dtype).reshape(shape)


def _raw(data: bytes, size: Any, spec: TensorSpec, shape: tuple[int, ...]) -> np.ndarray:
    wanted = shape[0] * spec.bytes_per_row
    if type(size) is not int or size != wanted or len(data) != wanted:
        _no(f"'binary_data_size' and the bytes after the JSON must be {wanted}")
    if spec.dtype.kind == "b":
        return (np.frombuffer(data, np.uint8) != 0).reshape(shape)
    given = np.frombuffer(data, spec.dtype.newbyteorder("<"))
    return given.astype(spec.dtype, copy=False).reshape(shape)


def _wants_binary(told: dict[str, Any], name: str) -> bool:
    wanted = _parameters(told).get("binary_data_output", False)
    if "outputs" in told:
        wanted = _parameters(_the_one(told["outputs"], "outputs", name)).get("binary_data", wanted)
    if not isinstance(wanted, bool):
        _no("'binary_data' and 'binary_data_output' must be true or false")
    return wanted
