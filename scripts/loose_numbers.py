"""Find numbers with a unit in the prose of notebooks that nothing in the notebook stands for.

    python scripts/loose_numbers.py [NAMES]

A numeral with a unit in a Markdown cell of ``notebooks/source/NN_name.py`` is bound by an entry
of ``NN_name.numbers.toml`` beside it, under the numeral as the prose writes it::

    ["96 GFLOP/s"]
    formula = "8 * 2 * 2 * 3"

One of these says where it comes from, and each is looked up or computed here, not believed:

- ``result``: the name of a result that the stored notebook publishes (``teach.publish``);
- ``printed``: words that a checked cell prints, with the numeral in them;
- ``code``: words that a code cell holds, with the numeral's value in them;
- ``file``: ``PATH: words``, words of a file of this repository, with the value in them;
- ``formula``: arithmetic whose value it is;
- ``source``: the address of what a fact was taken from;
- ``example``: what the numeral is an assumption of, one the prose itself makes.

``factor`` multiplies what was found before it is compared, for a prefix of the unit.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from labkit.teach import RESULT_MIME

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "notebooks" / "source"
KINDS = ("result", "printed", "code", "file", "formula", "source", "example")

_PREFIX = "[kMGTPEmµnp]|Ki|Mi|Gi|Ti"
_UNITS = (
    rf"(?:{_PREFIX})?(?:FLOP/s|FLOP/B|FLOP|B/s|B|Hz|W|Wh|J|s|m|Ha|bit|bits)(?:\b|(?=²))",
    "bytes?", "hartree", "milliseconds?", "microseconds?", "seconds?", "minutes?", "hours?",
    "min", "h", "days?", "years?", "USD(?:/h)?", "percent(?:age points?)?", "points?",
)  # fmt: skip
_NUMERAL = r"(?<![\w.^/{,-])[-−]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
_SPACE = r"[ \u00a0\u202f]"
LOOSE = re.compile(
    rf"{_NUMERAL}(?:(?:{_SPACE})(?:{'|'.join(_UNITS)})(?![\w/])|{_SPACE}?%|°|{_SPACE}?°C)"
)
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
              ast.Div: operator.truediv, ast.Pow: operator.pow, ast.USub: operator.neg}  # fmt: skip


def numbers_in(markdown: str) -> list[str]:
    """Every numeral with a unit, as written, code and links left out.

    Example:
        >>> numbers_in("At 3 GHz, `f(2 s)` is 40 % of 1,024 tokens, see <https://a.b/3 s>.")
        ['3 GHz', '40 %']
    """
    prose = re.sub(r"(`+)[^`].*?\1|<https?:[^>]*>|\]\([^)]*\)", " ", markdown, flags=re.S)
    return [" ".join(found.split()) for found in LOOSE.findall(" ".join(prose.split()))]


def value_of(numeral: str) -> float:
    """The number at the front of a numeral.

    Example:
        >>> value_of("1,024 B"), value_of("40 %"), value_of("1.6 mHa")
        (1024.0, 40.0, 1.6)
    """
    return float(re.match(_NUMERAL, numeral)[0].replace(",", "").replace("−", "-"))


def agrees(numeral: str, value: float) -> bool:
    """Whether the numeral is the value, rounded to the digits that the numeral has.

    Example:
        >>> agrees("0.15 ms", 0.1476), agrees("0.15 ms", 0.16)
        (True, False)
    """
    digits = re.match(_NUMERAL, numeral)[0].partition(".")[2]
    return math.isclose(round(value, len(digits)), value_of(numeral), rel_tol=1e-9)


def compute(formula: str) -> float:
    """The value of an arithmetic expression.

    Example:
        >>> compute("8 * 2 * 2 * 3"), compute("-(0.97 ** 2)")
        (96, -0.9409)
    """

    def of(node: ast.AST) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return node.value
        if isinstance(node, ast.BinOp):
            return _OPERATORS[type(node.op)](of(node.left), of(node.right))
        if isinstance(node, ast.UnaryOp):
            return _OPERATORS[type(node.op)](of(node.operand))
        raise ValueError(f"not arithmetic: {formula}")

    return of(ast.parse(formula, mode="eval").body)


def complaints_about(source: Path) -> list[str]:
    """Each number in the prose that is not bound, or not to what it says, and each stale entry."""
    book = jupytext.read(source)
    stored = source.parent.parent / f"{source.stem}.ipynb"
    listed = source.with_suffix(".numbers.toml")
    entries = tomllib.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
    prose = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
    found = list(dict.fromkeys(number for text in prose for number in numbers_in(text)))
    evidence = Evidence(book, nbformat.read(stored, as_version=4))
    complaints = [f"{number!r} stands for nothing: bind it in {listed.name}"
                  for number in found if number not in entries]  # fmt: skip
    complaints += [f"{number!r} is in {listed.name}, not in the prose"
                   for number in entries if number not in found]  # fmt: skip
    for number, entry in entries.items():
        if complaint := evidence.against(number, entry):
            complaints.append(f"{number!r}: {complaint}")
    return complaints


class Evidence:
    """What a notebook computes, prints and says in code."""

    def __init__(self, source: nbformat.NotebookNode, stored: nbformat.NotebookNode) -> None:
        cells = [cell for cell in stored.cells if cell.cell_type == "code"]
        outputs = [(cell, output) for cell in cells for output in cell.outputs]
        self.results: dict[str, Any] = {}
        for _, output in outputs:
            self.results |= output.get("data", {}).get(RESULT_MIME, {}).get("results", {})
        self.printed = "\n".join(
            output.get("text") or output.get("data", {}).get("text/plain", "")
            for cell, output in outputs
            if "nbval-ignore-output" not in cell.metadata.get("tags", [])
        )
        self.code = "\n".join(cell.source for cell in source.cells if cell.cell_type == "code")

    def against(self, number: str, entry: dict[str, Any]) -> str:
        """What is wrong with an entry, ``""`` if nothing."""
        kinds = [kind for kind in KINDS if kind in entry]
        if len(kinds) != 1 or set(entry) - {*KINDS, "factor"}:
            return f"must have one of {', '.join(KINDS)}, and no more than a factor besides"
        (kind,) = kinds
        return getattr(self, f"_{kind}")(number, entry[kind], entry.get("factor", 1))

    def _result(self, number: str, name: str, factor: float) -> str:
        if name not in self.results:
            return f"no result {name!r} is published ({', '.join(self.results)})"
        value = self.results[name] * factor
        return "" if agrees(number, value) else f"the result {name} is {value:.6g}"

    def _printed(self, number: str, words: str, factor: float) -> str:
        if words not in self.printed:
            return f"no checked cell prints {words!r}"
        return "" if _holds(words, number, factor) else f"{words!r} does not hold this number"

    def _code(self, number: str, words: str, factor: float) -> str:
        if words not in self.code:
            return f"no code cell holds {words!r}"
        return "" if _holds(words, number, factor) else f"{words!r} does not hold this number"

    def _formula(self, number: str, formula: str, factor: float) -> str:
        value = compute(formula) * factor
        return "" if agrees(number, value) else f"{formula} is {value:.6g}"

    def _file(self, number: str, place: str, factor: float) -> str:
        path, _, words = place.partition(": ")
        if not (ROOT / path).is_file() or words not in (ROOT / path).read_text(encoding="utf-8"):
            return f"no file {path} holds {words!r}"
        return "" if _holds(words, number, factor) else f"{words!r} does not hold this number"

    def _source(self, _number: str, address: str, _factor: float) -> str:
        return "" if address.startswith("https://") else "the source is no address"

    def _example(self, _number: str, words: str, _factor: float) -> str:
        return "" if len(words) > 10 else "say what it is an example of"


def _holds(words: str, number: str, factor: float) -> bool:
    values = re.findall(r"\d[\d,_]*(?:\.\d+)?(?:e[+-]?\d+)?", words)
    return any(agrees(number, float(v.replace(",", "").replace("_", "")) * factor) for v in values)


def main() -> int:
    """Print every complaint; exit code 1 if there is one."""
    names = [Path(name).stem for name in sys.argv[1:]]
    sources = [path for path in sorted(SOURCES.glob("*.py")) if not names or path.stem in names]
    found = [f"{path.stem}: {line}" for path in sources for line in complaints_about(path)]
    print("\n".join(found) or "every number in the prose stands for something")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
