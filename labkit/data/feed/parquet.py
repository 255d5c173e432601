"""Rows of Parquet files larger than memory, one row group at a time."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labkit.data.feed.order import BlockShuffled
from labkit.errors import DataError

__all__ = ["ParquetSource"]


class ParquetSource:
    """Rows of one Parquet file; a few row groups are kept decoded, the oldest is dropped first.

    Visit it in the order that :meth:`order` gives, and every row group is decoded once an
    epoch.

    Args:
        path: the file.
        columns: one array of a batch for each, in this order. Lists of a fixed size become
            rows of a matrix; missing values are refused.
        groups_in_memory: how many row groups to keep decoded.

    Raises:
        DataError: the file is missing or not Parquet, a column is missing from it, or has
            missing values.
    """

    def __init__(
        self, path: str | os.PathLike[str], columns: Sequence[str], *, groups_in_memory: int = 8
    ) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            self._file = parquet.ParquetFile(path)
        except (pa.ArrowInvalid, OSError) as problem:
            raise DataError(f"{path} cannot be read as Parquet: {problem}") from problem
        absent = [name for name in columns if name not in self._file.schema_arrow.names]
        if absent:
            known = ", ".join(self._file.schema_arrow.names)
            raise DataError(f"{path} has no column {absent[0]!r}; its columns are {known}.")
        metadata = self._file.metadata
        sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        self._path, self._columns = str(path), list(columns)
        self._groups_in_memory = groups_in_memory
        self._decoded: OrderedDict[int, tuple[np.ndarray, ...]] = OrderedDict()

    def __len__(self) -> int:
        return int(self._starts[-1])

    def order(self, *, seed: int = 0) -> BlockShuffled:
        """A shuffle that never needs more row groups at a time than are kept."""
        block = int(np.diff(self._starts).max())
        return BlockShuffled(len(self), block, max(1, self._groups_in_memory // 2), seed)

    def take(self, rows: NDArray[np.intp]) -> tuple[np.ndarray, ...]:
        """The rows asked for, in that order."""
        group_of = np.searchsorted(self._starts, rows, side="right") - 1
        taken: list[np.ndarray] = []
        for group in np.unique(group_of):
            wanted = group_of == group
            for column, values in enumerate(self._group(int(group))):
                if column == len(taken):
                    taken.append(np.empty((len(rows), *values.shape[1:]), values.dtype))
                taken[column][wanted] = values[rows[wanted] - self._starts[group]]
        return tuple(taken)

    def _group(self, group: int) -> tuple[np.ndarray, ...]:
        if group not in self._decoded:
            while len(self._decoded) >= self._groups_in_memory:
                self._decoded.popitem(last=False)
            table = self._file.read_row_group(group, columns=self._columns, use_threads=False)
            self._decoded[group] = tuple(self._array(table, name) for name in self._columns)
        self._decoded.move_to_end(group)
        return self._decoded[group]

    def _array(self, table: object, name: str) -> np.ndarray:
        column = table[name].combine_chunks()  # type: ignore[index]
        if column.null_count:
            raise DataError(
                f"{self._path}: column {name!r} has {column.null_count} missing values in one row "
                "group. Impute them before feeding."
            )
        if hasattr(column.type, "list_size"):
            flat = column.flatten().to_numpy(zero_copy_only=False)
            return flat.reshape(len(column), column.type.list_size)
        return column.to_numpy(zero_copy_only=False)
