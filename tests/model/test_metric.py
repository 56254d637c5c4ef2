from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat

PERCENT = NumberFormat(style="percent", precision=1)


def metric(value: float | None, **fields: object) -> Metric:
    return Metric.model_validate({"name": "m", "title": "M", "value": value, **fields})


@pytest.mark.parametrize(
    ("value", "before", "change_as", "change", "text"),
    [
        (110, 100, "percent", 0.1, "10.0 %"),
        (-90, -100, "percent", 0.1, "10.0 %"),
        (929, 296, "raw", 633, "633"),
        (9, 0, "percent", None, ""),
        (9, 0, "raw", 9, "9"),
        (None, 5, "raw", None, ""),
        (5, None, "raw", None, ""),
    ],
)
def test_the_change_is_a_difference_or_a_ratio_of_the_absolute_value_before(
    value: float | None, before: float | None, change_as: str, change: float | None, text: str
) -> None:
    found = metric(value, comparison=before, change_as=change_as)
    assert found.change == change
    assert found.change_text == text


def test_a_metric_says_its_value_in_its_own_format() -> None:
    assert metric(0.8421, format=PERCENT).text == "84.2 %"
    assert metric(None).text == "–"


@pytest.mark.parametrize(
    ("value", "label", "said"),
    [
        (0.8421, "{stat}", "84.2 %"),
        (0.8421, " about  {stat}, or so ", "about 84.2 %, or so"),
        (0.8421, "{stat} of {stat}", "84.2 % of {stat}"),
        (0.8421, "all is well", "all is well"),
        (None, "about {stat}", "no data"),
    ],
)
def test_a_metric_is_said_as_its_card_says_it(value: float | None, label: str, said: str) -> None:
    assert metric(value, label=label, format=PERCENT).said == said


def test_the_difference_of_two_shares_is_in_points() -> None:
    assert metric(0.798, comparison=0.757, change_as="raw", format=PERCENT).change_text == (
        "4.1 points"
    )


@pytest.mark.parametrize(
    ("value", "good", "direction", "verdict"),
    [
        (11, "up", "up", "good"),
        (11, "down", "up", "bad"),
        (9, "down", "down", "good"),
        (9, "up", "down", "bad"),
        (9, None, "down", "neutral"),
        (10, "up", "none", "neutral"),
        (10.2, "up", "none", "neutral"),
        (None, "up", "none", "neutral"),
    ],
)
def test_the_verdict_follows_the_direction_that_is_shown(
    value: float | None, good: str | None, direction: str, verdict: str
) -> None:
    found = metric(value, comparison=10, good=good, change_as="raw")
    assert (found.change_direction, found.change_verdict) == (direction, verdict)


@pytest.mark.parametrize(
    ("value", "target", "good", "number_format", "text"),
    [
        (0.798, 0.8, "up", PERCENT, "target 80 % missed by 0.2 points"),
        (0.8, 0.8, "up", PERCENT, "target 80 % met"),
        (0.79999, 0.8, "up", PERCENT, "target 80 % just missed"),
        (0.9, 0.805, "up", NumberFormat(style="percent"), "target 80.5 % met"),
        (9.7, 10, "down", NumberFormat(precision=1, unit="min"), "target 10 min met"),
        (12.5, 10, "down", NumberFormat(precision=1), "target 10 missed by 2.5"),
        (5, 1.25, None, NumberFormat(), "target 1.25 met"),
        (90, 60, "down", NumberFormat(style="duration"), "target 1 min missed by 30 s"),
        (None, 10, "up", NumberFormat(), ""),
        (5, None, "up", NumberFormat(), ""),
    ],
)
def test_the_target_is_said_with_its_verdict(
    value: float | None, target: float | None, good: str, number_format: NumberFormat, text: str
) -> None:
    assert metric(value, target=target, good=good, format=number_format).target_text == text


def test_whether_a_target_is_met_is_unknown_without_a_value() -> None:
    assert metric(None, target=1).target_met is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_metric_holds_only_what_json_can(value: float) -> None:
    for fields in ({}, {"comparison": value}, {"target": value}):
        with pytest.raises(ValidationError):
            metric(1.0 if fields else value, **fields)
    assert Metric.model_validate_json(metric(None).model_dump_json()) == metric(None)
