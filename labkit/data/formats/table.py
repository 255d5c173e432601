"""Tables as delimited text, read against a declared schema.

The register declares every column with its kind: "integer", "number", "number?" (may be missing),
"text" or "time". A file whose header, number of columns or values do not fit is refused, so that
nothing is turned into text or into a missing value behind the reader's back.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.data.formats.parts import Parts, only_data_errors
from labkit.data.formats.text import read_text
from labkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_split", "read_table"]

_DTYPES = {"integer": "int64", "number": "float64"}
_FIELDS = {"integer": "i8", "number": "f8", "number?": "f8", "time": "M8[ns]"}


@only_data_errors("a table of the declared columns")
def read_table(
    path: Path,
    columns: Mapping[str, str],
    *,
    header: bool = True,
    delimiter: str = ",",
    quoted: bool = True,
    missing: Sequence[str] = (),
    time_formats: Sequence[str] = ("%Y-%m-%d %H:%M:%S",),
) -> pd.DataFrame:
    """A pandas table with exactly the declared columns.

    Args:
        path: the file, UTF-8 with or without a byte-order mark.
        columns: kind of every column, by name and in order.
        header: whether the first line names the columns. A nameless column in front, which
            pandas writes for its index, is dropped.
        delimiter: what stands between two fields.
        quoted: whether a field may stand in double quotes; else these are plain characters.
        missing: texts that stand for a missing number in a column of kind "number?".
        time_formats: how times may be written (strptime); the first that fits all is taken.

    Raises:
        DataError: says which column or row does not fit the declaration.
    """
    text = read_text(path)
    names = _header(path, text, delimiter, list(columns)) if header else list(columns)
    frame = _fields(
        text,
        dtype={name: _DTYPES.get(columns.get(name, "text"), object) for name in names},
        names=names,
        skiprows=int(header),
        sep=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    ).drop(columns="", errors="ignore")
    for name, kind in columns.items():
        if kind == "number?":
            frame[name] = _numbers_or_missing(path, frame[name], missing)
        elif kind == "time":
            frame[name] = _times(path, frame[name], time_formats)
        else:
            _refuse(path, name, kind, frame[name].isin([np.nan, np.inf, -np.inf]))
    return frame


def _fields(text: str, **layout: Any) -> pd.DataFrame:
    """What pandas makes of the text when it may neither guess a type nor drop a field."""
    import pandas as pd

    with warnings.catch_warnings():
        # it would only warn when a row has a field too many
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            io.StringIO(text),
            header=None,
            index_col=False,
            keep_default_na=False,
            low_memory=False,
            **layout,
        )


def _header(path: Path, text: str, delimiter: str, declared: list[str]) -> list[str]:
    names = next(csv.reader([text.split("\n", 1)[0].rstrip("\r")], delimiter=delimiter))
    if names not in (declared, ["", *declared]):
        raise DataError(f"{path} has the columns {str(names)[:200]}, not {str(declared)[:200]}.")
    return names


def _refuse(path: Path, name: str, kind: str, bad: Any) -> None:
    if bad.any():
        row = int(np.argmax(bad)) + 1
        raise DataError(f"{path}, row {row}: {name!r} has no value of kind {kind}.")


def _numbers_or_missing(path: Path, column: Any, missing: Sequence[str]) -> Any:
    """Numbers from text, NaN for the texts in `missing`, where "0" and "0.0" can differ."""
    absent = column.isin(list(missing))
    numbers = column.mask(absent, "nan").astype("float64")
    _refuse(path, column.name, "number", np.isinf(numbers) | (numbers.isna() & ~absent))
    return numbers


def _times(path: Path, column: Any, time_formats: Sequence[str]) -> Any:
    """The column as datetime64[ns], by the first way of writing that fits every row."""
    import pandas as pd

    for time_format in time_formats:
        parsed = pd.to_datetime(column, format=time_format, errors="coerce")
        if not parsed.isna().any():
            return parsed.astype("datetime64[ns]")
    raise DataError(f"{path}: {column.name!r} is not written as {' or '.join(time_formats)}.")


def read_split(
    table: Path,
    *,
    columns: Mapping[str, str],
    target: str | Sequence[str] = (),
    classes: Sequence[int | str] = (),
    ignore: Sequence[str] = (),
    zero_is_missing: Sequence[str] = (),
    codes: Mapping[str, Mapping[str, str]] | None = None,
    **layout: Any,
) -> Parts:
    """Inputs and targets of a declared table.

    Args:
        table: the file.
        columns: kind of every column, by name and in order.
        target: the column to predict; several make targets int32 [n, columns] of zeros and ones.
        classes: the target's values in class order; none means that it is a number.
        ignore: columns that are neither: row numbers, and what is known only with the target.
        zero_is_missing: columns in which zero cannot be and stands for a missing value.
        codes: meaning of each code, for columns of text codes.
        layout: how the file is written, see `read_table`.

    Returns:
        inputs: float64 [n, features] where all features are numbers, else a structured array [n];
        missing numbers are NaN.
    """
    frame = read_table(table, columns, **layout)
    for name, meanings in (codes or {}).items():
        frame[name] = _decoded(table, frame[name], meanings)
    for name in zero_is_missing:
        frame[name] = frame[name].where(frame[name] != 0)
    targets = [target] if isinstance(target, str) else list(target)
    features = [name for name in columns if name not in targets and name not in ignore]
    return Parts(
        inputs=_inputs(frame, features, columns),
        targets=_targets(table, frame, target, classes),
        feature_names=tuple(features),
        class_names=() if isinstance(target, str) else tuple(target),
    )


def _decoded(path: Path, column: Any, meanings: Mapping[str, str]) -> Any:
    unknown = set(column) - set(meanings)
    if unknown:
        raise DataError(f"{path}: {column.name!r} has the unknown code {sorted(unknown)[0]!r}.")
    return column.map(meanings)


def _inputs(frame: pd.DataFrame, features: list[str], kinds: Mapping[str, str]) -> np.ndarray:
    if all(kinds[name] in ("integer", "number", "number?") for name in features):
        return frame[features].to_numpy(np.float64)
    array = np.empty(len(frame), [(name, _FIELDS.get(kinds[name], "O")) for name in features])
    for name in features:
        array[name] = frame[name].to_numpy()
    return array


def _targets(
    path: Path, frame: pd.DataFrame, target: str | Sequence[str], classes: Sequence[int | str]
) -> np.ndarray:
    if not isinstance(target, str):
        flags = frame[list(target)].to_numpy(np.int32) if target else np.empty((len(frame), 0))
        if not np.isin(flags, (0, 1)).all():
            raise DataError(f"{path}: {', '.join(target)} are not all 0 or 1.")
        return flags
    values = frame[target]
    if not classes:
        return values.to_numpy(np.float64)
    unknown = set(values) - set(classes)
    if unknown:
        raise DataError(f"{path}: {target!r} is {sorted(unknown)[0]!r}, not one of {classes}.")
    return values.map({value: k for k, value in enumerate(classes)}).to_numpy(np.int32)
