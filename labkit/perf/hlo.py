"""Reading the program that XLA compiled: its text, as instructions with shapes.

The text is what ``jax.jit(f).lower(...).compile().as_text()`` prints. Only what a
model of time needs is read: names, shapes with their layouts, operands, attributes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from labkit.errors import DataError

__all__ = ["Computation", "HloArray", "Instruction", "Program", "parse_hlo"]

_ITEM_BITS = {"pred": 8, "token": 0, "opaque": 0}
_ARRAY = re.compile(r"([a-z]\w*)\[([\d,]*)\](?:\{([\d,]*)[^}]*\})?")
_HEADER = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\) -> .* \{$")
_INSTRUCTION = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = (.*)$")
_REFERENCE = re.compile(r"%([\w.\-]+)")
_CALLED = re.compile(r"(?:calls|to_apply|body|condition|select|scatter)=%?([\w.\-]+)")


@dataclass(frozen=True)
class HloArray:
    """One array of a program: element type, sizes, and which axis is contiguous.

    Example:
        >>> HloArray("f32", (2, 3), (1, 0)).n_bytes
        24
    """

    dtype: str
    shape: tuple[int, ...]
    minor_to_major: tuple[int, ...]

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes."""
        bits = re.search(r"\d+", self.dtype)
        width = _ITEM_BITS.get(self.dtype, int(bits[0]) if bits else 0)
        return self.size * width // 8

    @property
    def minor(self) -> int:
        """Length of the contiguous axis; 1 for a scalar."""
        return self.shape[self.minor_to_major[0]] if self.minor_to_major else 1


@dataclass(frozen=True)
class Instruction:
    """One line of a program: ``name = outputs opcode(operands), attributes``."""

    name: str
    opcode: str
    outputs: tuple[HloArray, ...]
    operands: tuple[str, ...]
    attributes: str
    arguments: str = ""

    @property
    def size(self) -> int:
        """Elements of all outputs."""
        return sum(array.size for array in self.outputs)

    @property
    def n_bytes(self) -> int:
        """Bytes of all outputs."""
        return sum(array.n_bytes for array in self.outputs)

    @property
    def called(self) -> tuple[str, ...]:
        """The computations this instruction runs."""
        branches = re.search(r"branch_computations=\{([^}]*)\}", self.attributes)
        several = _REFERENCE.findall(branches[1]) if branches else []
        return (*_CALLED.findall(self.attributes), *several)

    @property
    def partitions(self) -> int:
        """Pieces into which XLA cut the work for the cores of a CPU."""
        found = re.search(r'"outer_dimension_partitions":\[([^\]]*)\]', self.attributes)
        return math.prod(int(n) for n in re.findall(r"\d+", found[1])) if found else 1

    def axes(self, name: str) -> tuple[int, ...]:
        """The numbers of an attribute such as ``dimensions={0,1}``."""
        found = re.search(rf"\b{name}=\{{([\d,]*)\}}", self.attributes)
        return tuple(int(n) for n in found[1].split(",") if n) if found else ()


@dataclass(frozen=True)
class Computation:
    """A list of instructions, in the order they are run."""

    name: str
    instructions: Mapping[str, Instruction] = field(default_factory=dict)
    root: str = ""


@dataclass(frozen=True)
class Program:
    """All computations of a compiled program, and the one that is run."""

    computations: Mapping[str, Computation]
    entry: Computation


def parse_hlo(text: str) -> Program:
    """Read an optimised program.

    Raises:
        DataError: if the text holds no entry computation.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> compiled = jax.jit(lambda x: x @ x).lower(jnp.ones((4, 4))).compile()
        >>> program = parse_hlo(compiled.as_text())
        >>> [i.opcode for i in program.entry.instructions.values()][0]
        'parameter'
    """
    computations: dict[str, Computation] = {}
    name, entry, root = "", "", ""
    lines: dict[str, Instruction] = {}
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            name, lines, root = header[2], {}, ""
            entry = name if header[1] else entry
        elif line.startswith("}"):
            computations[name] = Computation(name, MappingProxyType(lines), root)
        elif name and (found := _INSTRUCTION.match(line)):
            lines[found[2]] = _parse_instruction(found[2], found[3])
            root = found[2] if found[1] else root
    if entry not in computations:
        raise DataError("This is not the text of an XLA program: it has no ENTRY computation.")
    return Program(MappingProxyType(computations), computations[entry])


def _parse_instruction(name: str, text: str) -> Instruction:
    split = _closing(text, 0) + 1 if text.startswith("(") else text.index(" ")
    outputs, rest = text[:split], text[split:].lstrip()
    opening = rest.index("(")
    closing = _closing(rest, opening)
    arguments = rest[opening + 1 : closing]
    return Instruction(
        name=name,
        opcode=rest[:opening],
        outputs=tuple(_parse_array(*found) for found in _ARRAY.findall(outputs)),
        operands=tuple(_REFERENCE.findall(arguments)),
        attributes=rest[closing + 1 :],
        arguments=arguments,
    )


def _parse_array(dtype: str, sizes: str, layout: str) -> HloArray:
    shape = tuple(int(n) for n in sizes.split(",") if n)
    order = tuple(int(n) for n in layout.split(",") if n)
    return HloArray(dtype, shape, order or tuple(reversed(range(len(shape)))))


def _closing(text: str, opening: int) -> int:
    """Where the bracket opened at ``opening`` closes."""
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place
    raise DataError(f"This line of an XLA program has an open bracket: {text[:80]}")
