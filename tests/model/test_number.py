from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kpisite.model.number import NumberFormat, grouped, plain


@pytest.mark.parametrize(
    ("value", "precision", "text"),
    [
        (6104, 0, "6,104"),
        (6104.5, 1, "6,104.5"),
        (0.5, 0, "0"),
        (1.5, 0, "2"),
        (2.675, 2, "2.68"),
        (-0.4, 0, "0"),
        (-1234.5, 1, "−1,234.5"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
        (10**40 + 1, 0, "10" + ",000" * 12 + ",001"),
        (Decimal("1e30"), 0, "1" + ",000" * 10),
    ],
)
def test_thousands_are_apart_and_halves_round_to_even(
    value: float, precision: int, text: str
) -> None:
    assert grouped(value, precision) == text


@given(st.floats(allow_nan=False), st.integers(0, 12))
def test_every_float_has_a_text_that_reads_back_within_half_a_step(
    value: float, precision: int
) -> None:
    text = grouped(value, precision).replace(",", "").replace("−", "-").replace("∞", "inf")
    step = Decimal(1).scaleb(-precision)
    if math.isfinite(value):
        assert abs(Decimal(text) - Decimal(repr(value))) <= step / 2
    else:
        assert float(text) == value


@pytest.mark.parametrize(
    ("options", "value", "text"),
    [
        ({}, None, "–"),
        ({}, math.nan, "–"),
        ({"unit": "min", "precision": 1}, 9.7, "9.7 min"),
        ({"style": "percent"}, 0.575, "58 %"),
        ({"style": "percent", "precision": 1}, 0.798, "79.8 %"),
        ({"style": "currency", "currency": "USD"}, -1234.4, "−$1,234"),
        ({"style": "currency", "currency": "USD"}, -0.4, "$0"),
        ({"style": "currency", "currency": "CHF", "precision": 2}, -5, "−5.00 CHF"),
        ({"style": "duration"}, 0, "0 s"),
        ({"style": "duration"}, 0.04, "40 ms"),
        ({"style": "duration"}, 0.0004, "0.4 ms"),
        ({"style": "duration"}, 0.9999, "1.0 s"),
        ({"style": "duration"}, 59.97, "1 min"),
        ({"style": "duration"}, -90, "−1 min 30 s"),
        ({"style": "duration"}, 3599.7, "1 h"),
        ({"style": "duration"}, 7199, "2 h"),
        ({"style": "duration"}, 86_400 + 300, "1 d"),
        ({"style": "duration"}, 90_000, "1 d 1 h"),
        ({"style": "duration"}, math.inf, "∞"),
        ({"style": "bytes"}, 999, "999 B"),
        ({"style": "bytes"}, 1500, "1.5 kB"),
        ({"style": "bytes"}, 999_960, "1.0 MB"),
        ({"style": "bytes"}, -2e18, "−2,000.0 PB"),
        ({"style": "bytes", "precision": 2}, 1.5e9, "1.50 GB"),
    ],
)
def test_each_style_reads_as_people_write_it(options: dict, value: float | None, text: str) -> None:
    assert NumberFormat(**options).text(value) == text


def test_the_unit_comes_apart_from_the_number() -> None:
    assert NumberFormat(style="percent").parts(0.8) == ("80", "%")
    assert NumberFormat().parts(5) == ("5", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2013, "2013"),
        (0.1 + 0.2, "0.3"),
        (5.0, "5"),
        (-1.5, "−1.5"),
        (-0.0, "0"),
        (1e22, "10000000000000000000000"),
        (Decimal("1.50"), "1.5"),
        (Decimal(100), "100"),
        (math.nan, "–"),
        (-math.inf, "−∞"),
    ],
)
def test_a_plain_number_has_all_its_digits_and_nothing_else(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(
    "options",
    [
        {"style": "currency"},
        {"currency": "EUR"},
        {"style": "percent", "unit": "x"},
        {"precision": -1},
        {"precision": 13},
        {"style": "currency", "currency": "Euro"},
    ],
)
def test_formats_that_contradict_themselves_are_refused(options: dict) -> None:
    with pytest.raises(ValidationError):
        NumberFormat(**options)
