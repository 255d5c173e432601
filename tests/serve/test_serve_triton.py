"""NVIDIA's own client, written for another server, asks this one. Runs where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from asgi import on_a_port, scale_app

httpclient = pytest.importorskip(
    "tritonclient.http", reason="needs the package tritonclient (extra bench)"
)


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_tritons_client_is_understood(binary_in, binary_out):
    rows = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    with on_a_port(scale_app()) as (port, _):
        client = httpclient.InferenceServerClient(f"127.0.0.1:{port}")
        try:
            assert client.is_server_live()
            assert client.is_server_ready()
            assert client.is_model_ready("scale")
            assert client.get_server_metadata()["name"] == "labkit"
            assert client.get_model_metadata("scale")["inputs"][0]["shape"] == [-1, 2, 3]
            given = httpclient.InferInput("x", rows.shape, "FP32")
            given.set_data_from_numpy(rows, binary_data=binary_in)
            wanted = httpclient.InferRequestedOutput("y", binary_data=binary_out)
            answer = client.infer("scale", [given], outputs=[wanted], request_id="7")
            np.testing.assert_array_equal(answer.as_numpy("y"), 2 * rows)
            assert answer.get_response()["id"] == "7"
        finally:
            client.close()
