"""MovieLens ratings: ``ratings.csv`` of ml-latest-small, or ``u.data`` of ml-100k (also zipped).

Source: F. M. Harper, J. A. Konstan, "The MovieLens Datasets: History and Context", ACM TiiS 5(4),
2015; README.txt of ml-latest-small and of ml-100k, https://files.grouplens.org/datasets/movielens/.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.table import read_table
from labkit.errors import DataError

__all__ = ["read_split"]

_CSV = {"userId": "integer", "movieId": "integer", "rating": "number", "timestamp": "integer"}
_MEMBER, _LARGEST_MEMBER_BYTES = "ml-100k/u.data", 10_000_000


@only_data_errors("a file of MovieLens ratings")
def read_split(ratings: Path) -> Parts:
    """All ratings of a file; the dialect is told by its content.

    Returns:
        inputs int64 [n, 3]: user, movie, and the time in seconds since 1970 (UTC);
        targets float64 [n]: stars, 0.5 to 5.

    Raises:
        DataError: a user who rates a movie twice, or a rating that is no half or whole star.
    """
    if zipfile.is_zipfile(ratings):
        return _zipped(ratings)
    with ratings.open("rb") as stream:
        header = stream.read(6) == b"userId"
    table = read_table(ratings, _CSV, header=header, delimiter="," if header else "\t")
    stars = table["rating"].to_numpy(np.float64)
    if not np.isin(stars * 2, np.arange(1, 11)).all():
        raise DataError(f"{ratings} holds ratings that are not 0.5, 1, …, 5 stars.")
    if table.duplicated(["userId", "movieId"]).any():
        raise DataError(f"{ratings} holds two ratings of one movie by one user.")
    inputs = table[["userId", "movieId", "timestamp"]].to_numpy(np.int64)
    return Parts(inputs, stars, feature_names=("user", "movie", "timestamp"))


def _zipped(archive: Path) -> Parts:
    with zipfile.ZipFile(archive) as members, tempfile.TemporaryDirectory() as folder:
        if members.getinfo(_MEMBER).file_size > _LARGEST_MEMBER_BYTES:
            raise DataError(f"{archive}: {_MEMBER} is larger than ml-100k can be.")
        unpacked = Path(folder) / "u.data"
        unpacked.write_bytes(members.read(_MEMBER))
        return read_split(unpacked)
