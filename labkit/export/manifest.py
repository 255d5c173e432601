"""What a bundle says of itself: names, types, shapes, and the digest of each file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType

import numpy as np

from labkit.errors import ArgumentError, DataError

__all__ = ["DATATYPES", "Manifest", "TensorSpec"]

#: Names of the Open Inference Protocol and the NumPy types they stand for.
#: Source: Open Inference Protocol, version 2, "Tensor data types",
#:     https://github.com/kserve/open-inference-protocol
DATATYPES: Mapping[str, np.dtype] = MappingProxyType(
    {
        "BOOL": np.dtype(np.bool_),
        "UINT8": np.dtype(np.uint8),
        "UINT16": np.dtype(np.uint16),
        "UINT32": np.dtype(np.uint32),
        "UINT64": np.dtype(np.uint64),
        "INT8": np.dtype(np.int8),
        "INT16": np.dtype(np.int16),
        "INT32": np.dtype(np.int32),
        "INT64": np.dtype(np.int64),
        "FP16": np.dtype(np.float16),
        "FP32": np.dtype(np.float32),
        "FP64": np.dtype(np.float64),
    }
)

FORMAT = 1


@dataclass(frozen=True)
class TensorSpec:
    """One tensor that goes in or comes out.

    Attributes:
        name: as requests call it.
        datatype: a key of :data:`DATATYPES`.
        shape: of one example, without the batch axis.

    Example:
        >>> TensorSpec("image", "FP32", (32, 32, 3)).bytes_per_row
        12288
    """

    name: str
    datatype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.datatype not in DATATYPES:
            raise ArgumentError(
                "datatype", required=f"one of {', '.join(DATATYPES)}", got=self.datatype
            )

    @classmethod
    def of(cls, name: str, rows: np.ndarray) -> TensorSpec:
        """The spec of a batch of examples."""
        names = {dtype: name for name, dtype in DATATYPES.items()}
        if rows.dtype not in names:
            required = f"of one of the types {', '.join(map(str, names))}"
            raise ArgumentError("rows", required=required, got=rows.dtype)
        return cls(name, names[rows.dtype], rows.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """The NumPy type."""
        return DATATYPES[self.datatype]

    @property
    def bytes_per_row(self) -> int:
        """Bytes of one example."""
        return int(np.prod(self.shape, dtype=int)) * self.dtype.itemsize


@dataclass(frozen=True)
class Manifest:
    """A bundle's first page.

    Attributes:
        name, version: as clients ask for the model.
        input, output: the one tensor that goes in and the one that comes out.
        sizes: batch sizes that a program is compiled for, rising.
        files: SHA-256 of each file beside the manifest.
    """

    name: str
    version: str
    input: TensorSpec
    output: TensorSpec
    sizes: tuple[int, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """As text; :meth:`from_json` reads it back."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest.

        Raises:
            DataError: the text is no manifest of this format.
        """
        try:
            told = json.loads(text)
            if told.pop("format") != FORMAT:
                raise DataError(f"The bundle is not of format {FORMAT}; export the model again.")
            tensors = {
                side: TensorSpec(**(told[side] | {"shape": tuple(told[side]["shape"])}))
                for side in ("input", "output")
            }
            return cls(**(told | tensors | {"sizes": tuple(told["sizes"])}))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"manifest.json is not a manifest of labkit: {error}") from error
