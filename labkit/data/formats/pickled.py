"""Reading data out of a pickle without running it.

A pickle is a program for a small stack machine, and two of its instructions (REDUCE, BUILD) call
whatever function the file names: unpickling a stranger's file is running a stranger's program.
Here the listing of that program is read (`pickletools.genops` only decodes) and a machine of our
own follows it, which knows just the instructions that plain data needs. Numbers, strings, lists,
tuples and dicts are built; the one call that it knows is the one that rebuilds a NumPy array, and
it answers with inert records which `_array` turns into an array after checking them. Any other
instruction, and any other name, is refused.

Source: Python documentation, "pickle: Restricting Globals"; `pickletools` for the instructions.
"""

from __future__ import annotations

import math
import pickletools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labkit.errors import DataError

__all__ = ["read_pickled"]

_PUSHES = {
    "BININT", "BININT1", "BININT2", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
    "BINUNICODE", "SHORT_BINUNICODE", "BINFLOAT", "LONG1",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_NAMES = {
    "numpy.core.multiarray _reconstruct": "array",
    "numpy._core.multiarray _reconstruct": "array",
    "numpy ndarray": "type",
    "numpy dtype": "dtype",
}
_SKIPPED = {"PROTO", "STOP"}


@dataclass
class _Record:
    """What the file says of an array or of a dtype; nothing is built from it here.

    Never print or hash what stands in it: a few bytes can spell a tuple of 2 ** 200 leaves.
    """

    kind: str
    arguments: Any = None
    state: Any = None


@dataclass
class _Machine:
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def above_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items


def read_pickled(content: bytes) -> Any:
    """The value that a pickle of plain data and NumPy arrays describes; nothing in it is run.

    Python 2 strings come back as bytes.

    Raises:
        DataError: the pickle is damaged, or asks for anything but data.

    Example:
        >>> import pickle
        >>> read_pickled(pickle.dumps({"labels": [6, 9]}, protocol=2))
        {'labels': [6, 9]}
        >>> import os
        >>> read_pickled(pickle.dumps(os.getcwd, protocol=2))
        Traceback (most recent call last):
        ...
        labkit.errors.DataError: The pickle asks for 'posix getcwd', which is not data: refused.
    """
    machine = _Machine()
    try:
        for instruction, argument, _ in pickletools.genops(content):
            _step(machine, instruction.name, argument)
        value = machine.stack.pop()
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"The pickle is damaged: {error}.") from error
    return _array(value) if isinstance(value, _Record) else _arrays_inside(value)


def _step(machine: _Machine, name: str, argument: Any) -> None:
    """Follow one instruction."""
    stack = machine.stack
    if name in _PUSHES:
        stack.append(argument.encode("latin-1") if name.endswith("BINSTRING") else argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name])
    elif name in ("BINPUT", "LONG_BINPUT"):
        machine.memo[argument] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET"):
        stack.append(machine.memo[argument])
    elif name == "MARK":
        machine.marks.append(len(stack))
    elif name == "GLOBAL":
        stack.append(_named(argument))
    elif name not in _SKIPPED:
        _combine(machine, name)


def _combine(machine: _Machine, name: str) -> None:
    """Follow an instruction that builds something out of what lies on the stack."""
    stack = machine.stack
    if name in ("EMPTY_DICT", "EMPTY_LIST"):
        stack.append({} if name == "EMPTY_DICT" else [])
    elif name in ("APPENDS", "APPEND"):
        items = machine.above_mark() if name == "APPENDS" else [stack.pop()]
        _expect(stack[-1], list).extend(items)
    elif name in ("SETITEMS", "SETITEM"):
        items = machine.above_mark() if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
        for key in items[::2]:  # hashing nested tuples could take for ever
            _expect(key, (str, bytes, int))
        _expect(stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))
    elif name == "TUPLE":
        stack.append(tuple(machine.above_mark()))
    elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
        count = int(name[-1])
        items = [stack.pop() for _ in range(count)]
        stack.append(tuple(reversed(items)))
    elif name == "REDUCE":
        arguments, called = stack.pop(), _expect(stack.pop(), _Record)
        stack.append(_Record(called.kind, arguments))
    elif name == "BUILD":
        state = stack.pop()
        _expect(stack[-1], _Record).state = state
    else:
        raise DataError(f"The pickle uses the instruction {name}, which data does not need.")


def _named(name: str) -> _Record:
    if name not in _NAMES:
        raise DataError(f"The pickle asks for {name!r}, which is not data: refused.")
    return _Record(_NAMES[name])


def _expect(value: Any, kind: type[Any] | tuple[type[Any], ...]) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"a {type(value).__name__.lstrip('_').lower()} stands in the wrong place")
    return value


def _arrays_inside(value: Any) -> Any:
    """Turn the records in the top level of a dict or list into arrays."""
    if isinstance(value, dict):
        return {key: _array(v) if isinstance(v, _Record) else v for key, v in value.items()}
    if isinstance(value, list):
        return [_array(v) if isinstance(v, _Record) else v for v in value]
    return value


def _array(record: _Record) -> np.ndarray:
    """Build the array of a record whose state is (version, shape, dtype, is_fortran, bytes)."""
    try:
        _, shape, dtype, is_fortran, content = record.state
        code = _expect(dtype, _Record).arguments[0]
        sizes = [_expect(size, int) for size in _expect(shape, tuple)]
        if code not in ("u1", b"u1") or math.prod(sizes) != len(_expect(content, bytes)):
            raise ValueError(f"its shape and type do not fit its {len(content):,} bytes")
        return np.frombuffer(content, np.uint8).reshape(sizes, order="F" if is_fortran else "C")
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise DataError(f"The pickle's array is not one of bytes: {error}.") from error
