"""The parameters cell: what it may say, and what each wrong value is told."""

from __future__ import annotations

import math

import pytest

from labkit import teach
from labkit.errors import ArgumentError, ParameterError

CELL = """\
profile = "smoke"  # one of: smoke, class, full
dataset = "digits"  # one of: digits, mnist; what to learn from
epochs = None  # epochs, 1 to 200; None: the profile chooses
learning_rate = 1e-3  # 1 / step, 1e-6 to 1
seed = 0  # 0 to 1_000
augment = False  # True or False
widths = [64, 32]  # units in each layer, 1 to 4096
price_usd = 2  # USD, 0 to inf
"""
SCHEMA = teach.parse_parameters(CELL)


def test_the_cell_is_read_with_its_rules():
    by_name = {parameter.name: parameter for parameter in SCHEMA}
    assert by_name["dataset"].choices == ("digits", "mnist")
    assert (by_name["epochs"].kind, by_name["epochs"].unit) == (int, "epochs")
    assert (by_name["learning_rate"].low, by_name["learning_rate"].high) == (1e-6, 1.0)
    assert by_name["seed"].high == 1000
    assert by_name["price_usd"].high == math.inf
    assert by_name["widths"].is_list
    assert SCHEMA.validate({}) == SCHEMA.defaults


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("epoch", 3, "Did you mean epochs?"),
        ("epochs", 0, "a whole number from 1 to 200 \\(epochs\\), or None"),
        ("epochs", 2.0, "a whole number"),
        ("epochs", True, "a whole number"),
        ("learning_rate", math.nan, "a number from 1e-06 to 1"),
        ("learning_rate", "0.1", "a number"),
        ("learning_rate", None, "a number"),
        ("dataset", "cifar", "one of digits, mnist"),
        ("augment", "false", "Text is always true in Python"),
        ("augment", 0, "True or False"),
        ("widths", [64, 0], "a list, each entry a whole number"),
        ("widths", [], "a list"),
        ("widths", 64, "a list"),
        ("profile", "fast", "one of smoke, class, full"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(name, value, sentence):
    with pytest.raises(ParameterError, match=sentence):
        SCHEMA.validate({name: value})


def test_a_whole_number_will_do_where_a_number_is_wanted():
    value = SCHEMA.validate({"learning_rate": 1})["learning_rate"]
    assert (value, type(value)) == (1.0, float)


@pytest.mark.parametrize(
    "line",
    [
        "epochs = 3",  # no rule
        "epochs = 3  # epochs",
        "epochs = 300  # epochs, 1 to 200",  # its own default breaks the rule
        "epochs = 1 + f()  # epochs, 1 to 200",
        "a, b = 1, 2  # 1 to 3",
        "import os",
    ],
)
def test_a_cell_without_clear_rules_is_refused(line):
    with pytest.raises(ParameterError):
        teach.parse_parameters(line)


PROFILES = {
    "smoke": {"epochs": 2, "seconds": 5},
    "class": {"epochs": 9, "seconds": 60},
    "full": {"epochs": 99, "seconds": 600},
}


def namespace(**values):
    return {"In": ["", CELL, "# Parameters\nepochs = 7\n"], **SCHEMA.defaults, **values}


def test_the_profile_chooses_what_was_left_open():
    run = teach.start(namespace(profile="class"), PROFILES)
    assert (run.profile, run.epochs, run.learning_rate) == ("class", 9, 1e-3)


def test_what_was_set_wins_over_the_profile():
    assert teach.start(namespace(epochs=7), PROFILES).epochs == 7


def test_start_refuses_a_bad_parameter_and_a_missing_setting():
    with pytest.raises(ParameterError, match="epochs must be"):
        teach.start(namespace(epochs=-1), PROFILES)
    with pytest.raises(ArgumentError, match="gives epochs for smoke"):
        teach.start(namespace(), {name: {"seconds": 1} for name in teach.PROFILES})
    with pytest.raises(ArgumentError, match="'seconds' for each of"):
        teach.start(namespace(), {"smoke": {"seconds": 1}})
    with pytest.raises(ArgumentError, match="parameters cell was run"):
        teach.start({"In": [""]}, PROFILES)


def test_start_publishes_its_prediction_for_programs():
    bundle = teach.start(namespace(), PROFILES)._repr_mimebundle_()
    assert bundle[teach.RESULT_MIME]["start"]["profile"] == "smoke"
    assert bundle[teach.RESULT_MIME]["start"]["predicted_s"] > 0
    with pytest.raises(AttributeError, match="no setting 'nothing'"):
        _ = teach.start(namespace(), PROFILES).nothing
