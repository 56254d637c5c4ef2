from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Metric, NumberFormat
from kpisite.testing import HOSTILE, MemoryPage, ViewContract
from kpisite.views.text import Text

ASK = {"datasource": "flights", "query": "select 1"}
ON_TIME = Metric(
    name="on_time",
    title="On time",
    value=0.798,
    format=NumberFormat(style="percent", precision=1),
    comparison=0.757,
    comparison_title="week 5",
    change_as="raw",
    target=0.8,
    good="up",
)


def text(template: str, **options: object) -> Text:
    return Text("t", "T", Text.Options.model_validate({"text": template} | options))


def render(view: Text, metrics: tuple[Metric, ...] = (), **frames: pd.DataFrame) -> str:
    view.check(frames)
    return view.render_md(frames, MemoryPage(view, ViewContract.period, metrics))


def say(template: str, **row: object) -> str:
    """Return the text for one row."""
    return render(text(template, **ASK), main=pd.DataFrame([row]))


class TestTextContract(ViewContract):
    view = Text
    options = ASK | {
        "text": "# Top\n\n{% for row in rows %}\n- {{ row.name }}: **{{ row.n | number }}**, "
        "{{ row.name | upper }} {{ row.name ~ '!' }} [{{ row.name }}](https://example.org)\n"
        "{% else %}\nNothing.\n{% endfor %}\n\n{{ rows | map(attribute='name') | join(', ') }}"
    }
    frames: ClassVar = {"main": pd.DataFrame({"name": ["EWR", "JFK"], "n": [3, 4]})}


class TestTextTableContract(ViewContract):
    view = Text
    options: ClassVar = {
        "text": "{{ period.title }}\n\n| Name | N |\n| --- | ---: |\n"
        "{% for row in busy %}| {{ row.name }} | {{ row.n }} |\n{% endfor %}\n"
        "<p title='{{ busy[:1] | map(attribute='name') | first | default('') }}'>end</p>",
        "queries": {"busy": ASK},
    }
    frames: ClassVar = {"busy": pd.DataFrame({"name": ["EWR", "JFK"], "n": [3, 4]})}


@pytest.mark.parametrize(
    ("template", "value", "shown"),
    [
        ("{{ rows[0].x }}", 2013, "2013"),
        ("{{ rows[0].x }}", 0.1 + 0.2, "0.3"),
        ("{{ rows[0].x }}", None, "–"),
        ("{{ rows[0].x }}", float("nan"), "–"),
        ("{{ rows[0].x }}", True, "yes"),
        ("{{ rows[0].x }}", Decimal("1.50"), "1.5"),
        ("{{ rows[0].x }}", pd.Timestamp("2013-02-04"), "2013-02-04"),
        ("{{ rows[0].x }}", pd.Timedelta(minutes=2), "2 min"),
        ("{{ rows[0].x | number }}", 6104.4, "6,104"),
        ("{{ rows[0].x | number(2) }}", -1234.5, "−1,234.50"),
        ("{{ rows[0].x | number }}", None, "–"),
        ("{{ rows[0].x | percent }}", 0.5, "50 %"),
        ("{{ rows[0].x | percent(1) }}", 0.798, "79.8 %"),
        ("{{ rows[0].x | date }}", date(2013, 2, 4), "4 February 2013"),
        ("{{ rows[0].x | date }}", datetime(2013, 2, 4, 6), "4 February 2013"),
        ("{{ rows[0].x | date }}", pd.NaT, "–"),
        ("{{ frame.x.sum() }} {{ frame['x'].mean() | number(1) }}", 3, "3 3.0"),
        ("{{ frame | length }} {{ frame.shape[1] }}", 3, "1 1"),
        ("{% if rows[0].x > 2 %}**many**{% else %}few{% endif %}", 3, "**many**"),
    ],
)
def test_values_read_as_people_write_them(template: str, value: object, shown: str) -> None:
    assert say(template, x=value) == shown


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "template",
    [
        "{{ rows[0].x }}",
        "{{ rows[0].x | safe }}",
        "{{ rows[0].x | e | safe }}",
        "{{ (rows[0].n | number) ~ rows[0].x }}",
        "{{ rows[0] }}",
        "{% set y %}{{ rows[0].x }}{% endset %}{{ y }}",
        "{% macro m(v) %}{{ v }}{% endmacro %}{{ m(rows[0].x) }}",
        "{{ frame }}",
        "{{ '%s' | format(rows[0].x) }}",
    ],
)
def test_no_filter_lets_markup_of_the_data_through(template: str, hostile: str) -> None:
    out = say(template, x=hostile, n=1)
    assert not set(out) & set("<>*`[]|_\n\"'{}")


def test_metrics_print_as_on_their_cards_and_have_their_numbers() -> None:
    template = (
        "{{ metrics.on_time }}, {{ metrics['on_time'].value }}, {{ metrics.on_time.change_text }} "
        "{{ metrics.on_time.change_direction }} from {{ metrics.on_time.comparison_title }}; "
        "{{ metrics.on_time.target_text }}{% if not metrics.on_time.target_met %}!{% endif %}"
    )
    plain = render(text(template), (ON_TIME,)).replace("&#46;", ".")
    assert plain == ("79.8 %, 0.798, 4.1 points up from week 5; target 80 % missed by 0.2 points!")


def test_the_period_has_its_words_and_its_boundaries() -> None:
    template = "{{ period.title }}; {{ period.span }}; {{ period.start }}; {{ period.end | date }}"
    assert render(text(template)) == (
        "Week 6, 2013; 4 – 10 February 2013; 2013-02-04; 11 February 2013"
    )
    assert render(text("{{ period.label }}")) == "2013&#45;W06"


def test_a_text_without_a_query_asks_nothing() -> None:
    assert text("Hello").queries() == {}
    assert render(text("Hello **you**")) == "Hello **you**"


def test_queries_have_names_in_the_text() -> None:
    view = text("{{ a[0].n }} {{ b[0].n }}", queries={"a": ASK, "b": ASK | {"query": "select 2"}})
    assert {name: query.text for name, query in view.queries().items()} == {
        "a": "select 1",
        "b": "select 2",
    }
    assert render(view, a=pd.DataFrame({"n": [1]}), b=pd.DataFrame({"n": [2]})) == "1 2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "a\n{% if %}"}, "line 2 of the text"),
        ({"text": "{{ x | nosuch }}", "queries": {"x": ASK}}, "line 1.*nosuch"),
        ({"text": "{{ rows }}"}, "the text uses 'rows'"),
        ({"text": "{{ metrisc.a }}"}, "uses 'metrisc'. Did you mean 'metrics'"),
        ({"text": "x", "query": "select 1"}, "go together"),
        ({"text": "x", "queries": {"a": ASK}} | ASK, "exclude each other"),
        ({"text": "x", "queries": {"period": ASK}}, "it is taken"),
        ({"text": "x", "queries": {"a-b": ASK}}, "cannot name a query"),
        ({"text": "x", "queries": {"main": ASK}}, "it is taken"),
        ({}, "text"),
    ],
)
def test_mistakes_are_found_when_the_definition_is_read(options: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Text.Options.model_validate(options)


def test_an_undefined_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(ViewError) as error:
        text("{{ rows[0].dealy }}", **ASK).check({"main": pd.DataFrame({"delay": [1]})})
    assert "dealy" in error.value.message
    assert "rows has 1 rows with: delay." in error.value.hint


def test_a_row_that_is_not_there_says_how_to_ask_first() -> None:
    with pytest.raises(ViewError, match="% if rows %"):
        text("{{ rows[0].n }}", **ASK).check({"main": pd.DataFrame({"n": []})})


def test_a_metric_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(ViewError, match=r"no metric 'ontime'\n.*'on_time'"):
        render(text("{{ metrics.ontime }}"), (ON_TIME,))


def test_arithmetic_is_judged_on_the_real_metrics_only() -> None:
    view = text("{{ 1 / (metrics.on_time.value - %s) }}" % ON_TIME.value)  # noqa: UP031
    with pytest.raises(ViewError, match="division by zero"):
        render(view, (ON_TIME,))
    assert text("{{ 1 / (metrics.on_time.value - 1) }}").check({}) == ()


@pytest.mark.parametrize("filter_", ["number", "percent", "date"])
def test_a_filter_refuses_what_it_cannot_show(filter_: str) -> None:
    with pytest.raises(ViewError, match=f"the filter '{filter_}' needs a .*, not 'EWR'"):
        say("{{ rows[0].x | %s }}" % filter_, x="EWR")  # noqa: UP031


@pytest.mark.parametrize(
    "expression",
    [
        "frame.to_csv('stolen.csv')",
        "frame.eval('1')",
        "frame.query('x > 0')",
        "frame.pipe(range)",
        "frame.x.to_pickle('stolen')",
        "frame.columns.values.tofile('stolen')",
        "frame.iloc.obj.to_csv('stolen.csv')",
        "frame.__class__",
        "rows.clear()",
        "rows[0].update(x=2)",
        "rows[0].x.to_numpy().tofile('stolen')",
        "''.__class__.__mro__",
    ],
)
def test_a_text_can_neither_write_nor_change_nor_evaluate(
    expression: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    stamp = pd.Timestamp("2013-02-04", tz=ZoneInfo("UTC"))
    with pytest.raises(ViewError, match="in the text"):
        say("{{ " + expression + " }}", x=stamp)


def test_a_loop_on_lines_of_its_own_leaves_no_blank_lines_in_a_table() -> None:
    template = "| N |\n| --- |\n{% for row in rows %}\n| {{ row.n }} |\n{% endfor %}\n"
    out = render(text(template, **ASK), main=pd.DataFrame({"n": [1, 2]}))
    assert out == "| N |\n| --- |\n| 1 |\n| 2 |\n"
