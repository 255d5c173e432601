"""The desk's classifier behind an address: texts become vectors here, a server scores them."""

from __future__ import annotations

import json
import tempfile
import urllib.request
from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from labkit import export, models, serve
from labkit.errors import ArgumentError
from labkit.types import Float

__all__ = ["AnswerServer"]

_NAME, _PATIENCE_S = "intents", 10.0


class AnswerServer:
    """A probe that answers from a process of its own, over HTTP on the loopback address.

    Any client of the Open Inference Protocol may ask it for the scores of a vector. Called with
    texts, it embeds them here, asks, and returns what ``head.predict_proba`` would. The server
    ends when it is closed (`contextlib.closing`), and with this process in any case.

    Args:
        embed: texts to vectors.
        head: fitted on such vectors, three classes at least.
        settings: the server's bounds.

    Raises:
        ArgumentError: fewer than three classes.
        LabkitError: the server did not start.
    """

    def __init__(
        self,
        embed: Callable[[Sequence[str]], Float[np.ndarray, "n d"]],
        head: LogisticRegression,
        *,
        settings: serve.Settings | None = None,
    ) -> None:
        if len(head.classes_) < 3:
            raise ArgumentError("head", required="fitted on 3 classes", got=len(head.classes_))
        self._embed, self._settings = embed, settings or serve.Settings()
        self._folder = tempfile.TemporaryDirectory()
        vector = np.zeros((1, head.coef_.shape[1]), np.float32)
        bundle = export.save_bundle(
            self._folder.name, _network(head), vector, name=_NAME, sizes=(1, 4, 16)
        )
        self._input = bundle.manifest.input
        self._server = serve.start_server(self._folder.name, self._settings)

    @property
    def url(self) -> str:
        """Where a vector is sent to."""
        return f"{self._server.url}/v2/models/{_NAME}/infer"

    def __call__(self, texts: Sequence[str]) -> Float[np.ndarray, "n k"]:
        """Probabilities of the intents, as many texts to a request as the server takes."""
        vectors = self._embed(texts)
        most = self._settings.max_batch
        parts = [self._scores(vectors[at : at + most]) for at in range(0, len(vectors), most)]
        return softmax(np.concatenate(parts), axis=1)

    def _scores(self, vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n k"]:
        headers, body = serve.write_request(vectors, self._input, binary=False)
        request = urllib.request.Request(self.url, body, headers)
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            scores = json.load(answer)["outputs"][0]
        return np.array(scores["data"], np.float32).reshape(scores["shape"])

    def close(self) -> None:
        """End the server."""
        self._server.stop()
        self._folder.cleanup()


def _network(head: LogisticRegression) -> models.MLP:
    """The probe as a network of one layer."""
    classes, width = head.coef_.shape
    network = models.MLP(models.MLPConfig((width,), (), classes), rngs=nnx.Rngs(0))
    learned = {"kernel": head.coef_.T, "bias": head.intercept_}
    nnx.update(network.head, {name: jnp.asarray(v, jnp.float32) for name, v in learned.items()})
    return network
