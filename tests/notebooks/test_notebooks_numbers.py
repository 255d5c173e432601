"""No number with a unit stands loose in the prose: each is computed, printed or sourced."""

from __future__ import annotations

import importlib.util

import nbformat
import pytest
from notebook_guards import NOTEBOOKS, ROOT

from labkit.teach import RESULT_MIME

SPEC = importlib.util.spec_from_file_location("loose_numbers", ROOT / "scripts/loose_numbers.py")
linter = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(linter)

SOURCES = sorted((NOTEBOOKS / "source").glob("*.py"))
PROSE = "# %% [markdown]\n# # A title\n#\n# It takes 2.5 ms for 40 % of 1,024 tokens.\n"
CODE = "# %%\nshare = 0.4\nprint('done')\n"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_number_in_the_prose_stands_for_something(source):
    assert linter.complaints_about(source) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It takes 3 ms, or 1.5 µs.", ["3 ms", "1.5 µs"]),
        ("a peak of 1,000 GFLOP/s at 20 GB/s", ["1,000 GFLOP/s", "20 GB/s"]),
        ("turn by 60° at −5 °C", ["60°", "−5 °C"]),
        ("12 bytes in 2 GiB for 0.5 USD", ["12 bytes", "2 GiB", "0.5 USD"]),
        ("40 % and 7% after 3 hours", ["40 %", "7%", "3 hours"]),
        ("3 rows, 4 × 4, 8 qubits, section 2, 32-bit, $2^{19}$", []),
        ("`sleep(2 s)`, ``3 ms``, [2 s](https://a.b/3 s)", ["2 s"]),
        ("float32 in 2 sections by 3 students", []),
    ],
)
def test_a_numeral_with_a_unit_is_recognised(text, numbers):
    assert linter.numbers_in(text) == numbers


@pytest.fixture
def complaints(tmp_path):
    """``complaints(entries)``: those about a small notebook whose numbers are bound like that."""

    def of(entries: str, prose: str = PROSE) -> list[str]:
        (tmp_path / "source").mkdir(exist_ok=True)
        source = tmp_path / "source" / "a.py"
        source.write_text(prose + CODE)
        source.with_suffix(".numbers.toml").write_text(entries)
        printed = nbformat.v4.new_output("stream", text="it took 2.51 ms\n")
        bundle = {RESULT_MIME: {"results": {"time_s": 0.00251}}}
        published = nbformat.v4.new_output("display_data", bundle)
        cell = nbformat.v4.new_code_cell("share = 0.4", outputs=[printed, published])
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
        return linter.complaints_about(source)

    return of


SHARE = '["40 %"]\ncode = "share = 0.4"\nfactor = 100\n'


@pytest.mark.parametrize(
    "entry",
    [
        'result = "time_s"\nfactor = 1e3',
        'printed = "it took 2.51 ms"',
        'formula = "5 / 2"',
        'source = "https://doi.org/10.1145/1498765.1498785"',
        'example = "a time assumed for the argument"',
    ],
)
def test_a_bound_number_passes(entry, complaints):
    assert complaints(f'["2.5 ms"]\n{entry}\n{SHARE}') == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('result = "time_s"', "the result time_s is 0.00251"),
        ('result = "tame_s"\nfactor = 1e3', "no result 'tame_s' is published (time_s)"),
        ('printed = "it took 3 ms"', "no checked cell prints"),
        ('printed = "it took"', "does not hold this number"),
        ('code = "share = 0.5"', "no code cell holds"),
        ('code = "share = 0.4"', "does not hold this number"),
        ('file = "README.md: no such words"', "no file README.md holds"),
        ('file = "no/file: words"', "no file no/file holds"),
        ('formula = "5 / 3"', "5 / 3 is 1.66667"),
        ('source = "a book"', "the source is no address"),
        ('example = "so"', "say what it is an example of"),
        ('printed = "it took 2.51 ms"\nformula = "5 / 2"', "must have one of"),
        ("", "must have one of"),
        ('formula = "5 / 2"\nunit = "ms"', "no more than a factor"),
    ],
)
def test_a_number_bound_to_something_else_is_found(entry, words, complaints):
    (complaint,) = complaints(f'["2.5 ms"]\n{entry}\n{SHARE}')
    assert words in complaint


def test_a_loose_number_and_a_stale_entry_are_found(complaints):
    found = complaints(f'["3 ms"]\nformula = "3"\n{SHARE}')
    assert found == [
        "'2.5 ms' stands for nothing: bind it in a.numbers.toml",
        "'3 ms' is in a.numbers.toml, not in the prose",
    ]
