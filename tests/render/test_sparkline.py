from __future__ import annotations

import math
import re

import pytest

from kpisite.render.sparkline import sparkline_svg


def path(*values: float | None) -> str:
    match = re.search(r' d="([^"]*)"', sparkline_svg(values))
    assert match
    return match[1]


@pytest.mark.parametrize("values", [[], [1], [None, 1, None], [math.nan, 1]])
def test_fewer_than_two_values_draw_nothing(values: list[float | None]) -> None:
    assert sparkline_svg(values) == ""


def test_values_span_the_box_from_left_to_right_and_low_to_high() -> None:
    assert path(1, 3, 2) == "M3.0 27.0L52.0 3.0L101.0 15.0"


def test_a_constant_series_is_flat_in_the_middle() -> None:
    assert path(7, 7) == "M3.0 15.0L101.0 15.0"


@pytest.mark.parametrize("gap", [None, math.nan, math.inf])
def test_a_gap_interrupts_the_line(gap: float | None) -> None:
    assert path(0, 0, gap, 1, 1) == "M3.0 27.0L27.5 27.0M76.5 3.0L101.0 3.0"


def test_a_value_between_gaps_is_a_dot() -> None:
    assert path(0, None, 1, None, 0) == "M3.0 27.0h0M52.0 3.0h0M101.0 27.0h0"


def test_the_newest_value_is_marked_and_a_newest_gap_is_not() -> None:
    assert '<circle cx="101.0" cy="3.0"' in sparkline_svg([0, 1])
    assert "<circle" not in sparkline_svg([0, 1, None])


def test_the_largest_floats_draw_too() -> None:
    assert path(-1.7e308, 1.7e308) == "M3.0 27.0L101.0 3.0"


def test_it_is_one_line_without_colours_of_its_own_and_silent() -> None:
    svg = sparkline_svg([1, 2], width=50, height=20)
    assert "\n" not in svg
    assert 'viewBox="0 0 50 20" aria-hidden="true"' in svg
    assert "#" not in svg
