"""What views of KPI Reporter's configurations show of small answers, line by line."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from configurations import SHOP, make_shop, run, values

from kpisite.archive.store import Archive
from kpisite.errors import ViewError
from kpisite.model.definition import ViewDefinition
from kpisite.plugins.binding import bind_view
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.urls import Urls
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kpisite.plugins import Metric, View

WEEK = ViewContract.period
DAYS = pd.date_range(WEEK.start, periods=3, freq="D")
ASK = {"datasource": "shop", "query": "select 1"}


class Seen(MemoryPage):
    """Keeps what is drawn."""

    structure: Mapping[str, Any]
    values: Mapping[str, Any]

    def chart_from(self, draw: Any, structure: Any, values: Any, **more: Any) -> str:
        self.structure, self.values = structure, values
        return super().chart_from(draw, structure, values, **more)


def view(plugin: str, **args: Any) -> View:
    return bind_view("shown", ViewDefinition(plugin=plugin, args=ASK | args))


def plot(frame: pd.DataFrame, **args: Any) -> tuple[Seen, str]:
    shown = view("plot", **args)
    shown.check({"main": frame})
    page = Seen(shown, WEEK)
    return page, str(shown.render_md({"main": frame}, page))


def series(page: Seen) -> dict[str, list[Any]]:
    """Return the columns of the drawn series, `y0` and so on."""
    return {k: v for one in page.values.values() if isinstance(one, dict) for k, v in one.items()}


def stat(frame: pd.DataFrame, before: pd.DataFrame | None = None, **args: Any) -> Metric:
    shown = view("single_stat", **args)
    frames = {"main": frame} if before is None else {"main": frame, "comparison": before}
    shown.check(frames)
    [metric] = shown.metrics(frames, WEEK)
    return metric


def one(value: Any) -> pd.DataFrame:
    return pd.DataFrame({"n": [value]})


# plot


def test_the_time_column_becomes_the_x_axis_where_it_is_a_column():
    frame = pd.DataFrame({"n": [1, 2, 3], "when": DAYS})
    page, _ = plot(frame, time_column="when")
    assert series(page)["y0"] == [1, 2, 3]
    assert len(set(series(page)["x"])) == 3


def test_where_the_time_column_is_none_the_first_column_is_the_x_axis():
    page, html = plot(pd.DataFrame({"shop": ["east", "west"], "n": [1, 2]}), kind="bar")
    assert series(page)["to0"] == [1, 2]
    assert "east" in html


def test_rows_are_sorted_by_x():
    page, _ = plot(pd.DataFrame({"time": DAYS[[2, 0, 1]], "n": [3, 1, 2]}))
    assert series(page)["y0"] == [1, 2, 3]
    page, _ = plot(pd.DataFrame({"hour": [9, 7, 8], "n": [3, 1, 2]}))
    assert series(page)["y0"] == [1, 2, 3]


def test_every_column_of_numbers_is_a_series_and_text_is_dropped_with_a_warning():
    frame = pd.DataFrame({"time": DAYS, "a": [1, 2, 3], "word": list("xyz"), "b": [4, 5, 6]})
    page, _ = plot(frame)
    assert (series(page)["y0"], series(page)["y1"]) == ([1, 2, 3], [4, 5, 6])
    assert "y2" not in series(page)
    assert view("plot").check({"main": frame}) == ["columns of text are not drawn: word"]


def test_groupby_makes_a_series_of_each_value_over_all_x_and_missing_cells_are_zero():
    frame = pd.DataFrame(
        {"time": DAYS[[0, 1, 2]], "shop": ["east", "west", "east"], "n": [1, 2, 3], "m": [7, 8, 9]}
    )
    page, html = plot(frame, groupby="shop")
    assert (series(page)["y0"], series(page)["y1"]) == ([1, 0, 3], [0, 2, 0])
    assert "east" in html
    [note] = view("plot", groupby="shop").check({"main": frame})
    assert "'n' only, not m" in note


def test_label_map_renames_series():
    frame = pd.DataFrame({"time": DAYS, "a": [1, 2, 3], "b": [4, 5, 6]})
    _, html = plot(frame, kind="bar", label_map={"a": "Alpha"})
    legend = html.partition("kpi-legend")[2].partition("</ul>")[0]
    assert "Alpha" in legend
    assert ">b<" in legend or "b</" in legend


@pytest.mark.parametrize(
    ("legend", "columns", "shown"),
    [
        (None, 1, False),
        (None, 2, True),
        (False, 2, False),
        (True, 1, True),
        ({"loc": "upper left"}, 1, True),
    ],
)
def test_a_legend_is_shown_from_two_series_on_unless_it_is_said(legend, columns, shown):
    frame = pd.DataFrame({"time": DAYS, **{f"n{n}": [1, 2, 3] for n in range(columns)}})
    _, html = plot(frame, kind="bar", legend=legend)
    assert ("kpi-legend" in html) == shown


def test_on_a_time_axis_x_spans_exactly_the_period():
    page, _ = plot(pd.DataFrame({"time": DAYS[[1]], "n": [1]}))
    edges = [WEEK.start.replace(tzinfo=None), WEEK.end.replace(tzinfo=None)]
    wanted = {pd.Timestamp(edge).value / 1e6 for edge in edges}
    numbers = {v for v in page.values.values() if isinstance(v, int | float)}
    assert wanted <= numbers


def test_bar_labels_say_the_values_and_link_url_stands_below():
    frame = pd.DataFrame({"shop": ["east", "west"], "n": [1234, 5]})
    _, html = plot(frame, kind="bar", bar_labels=True, link_url="https://example.org/?a&b")
    drawn = html.partition("<table")[0]
    assert ">1,234<" in drawn
    assert 'href="https://example.org/?a&amp;b"' in html
    _, html = plot(frame, kind="bar")
    assert ">1,234<" not in html.partition("<table")[0]


def test_bars_of_several_series_stand_side_by_side_or_stack():
    frame = pd.DataFrame({"time": DAYS, "a": [1, 2, 3], "b": [4, 5, 6]})
    columns = series(plot(frame, kind="bar")[0])
    assert columns["from0"] == columns["from1"] == [0, 0, 0]
    assert columns["to1"] == [4, 5, 6]
    stacked = series(plot(frame, kind="bar", stacked=True)[0])
    assert stacked["from1"] == stacked["to0"]
    assert stacked["to1"] == [5, 7, 9]


def test_a_stacked_line_is_an_area():
    frame = pd.DataFrame({"time": DAYS, "a": [1, 2, 3], "b": [4, 5, 6]})
    _, stacked = plot(frame, stacked=True)
    _, area = plot(frame, kind="area")
    assert stacked == area


def test_an_empty_plot_is_a_quiet_block():
    _, html = plot(pd.DataFrame({"time": [], "n": []}))
    assert "No data in this period" in html


# single_stat


@pytest.mark.parametrize(
    ("frame", "value"),
    [
        (pd.DataFrame({"n": [3, 4]}), 7),
        (pd.DataFrame({"day": [1, 2], "n": [3, 4], "m": [50, 60]}), 7),
        (pd.DataFrame({"name": ["a", "b"], "n": [3, 4]}), 7),
    ],
)
def test_the_value_is_the_sum_over_the_rows_of_the_only_or_the_second_column(frame, value):
    assert stat(frame).value == value


@pytest.mark.parametrize("frame", [one(None), pd.DataFrame({"n": []})])
def test_no_value_reads_no_data_and_empty_asks_for_a_zero(frame):
    shown = view("single_stat")
    metric = stat(frame)
    assert "no data" in shown.render_md({"main": frame}, MemoryPage(shown, WEEK, [metric]))
    assert stat(frame, empty=0).text == "0"


@pytest.mark.parametrize(
    ("value", "precision", "text"),
    [
        (0.5, 0, "0"),
        (1.5, 0, "2"),
        (2.5, 0, "2"),
        (3.5, 0, "4"),
        (-0.5, 0, "0"),
        (0.125, 2, "0.12"),
    ],
)
def test_halves_are_rounded_to_even(value, precision, text):
    assert stat(one(value), precision=precision).text == text


@pytest.mark.parametrize("precision", [0, 1, 3])
def test_precision_is_the_number_of_digits_after_the_point(precision):
    assert stat(one(1.23456), precision=precision).text == f"{1.23456:.{precision}f}"


def card(metric: Metric, **args: Any) -> str:
    shown = view("single_stat", comparison_query="x", **args)
    html = str(shown.render_md({}, MemoryPage(shown, WEEK, [metric])))
    return " ".join(re.sub("<[^>]+>", "", html).split())


def test_the_change_is_the_value_less_the_comparison():
    up = stat(one(7), one(4), comparison_query="x")
    assert up.change == 3
    assert "up 3" in card(up)
    down = stat(one(4), one(7), comparison_query="x")
    assert down.change == -3
    assert "down 3" in card(down)


def test_a_change_of_zero_is_a_change_that_is_shown():
    same = stat(one(4), one(4), comparison_query="x")
    assert same.change == 0
    assert "no change" in card(same)
    assert stat(one(-1), one(-2), comparison_query="x").change == 1


def test_a_percentage_has_one_decimal_and_is_of_the_absolute_comparison():
    metric = stat(one(7), one(4), comparison_query="x", comparison_type="percent")
    assert "up 75.0 %" in card(metric, comparison_type="percent")
    lost = stat(one(-2), one(-4), comparison_query="x", comparison_type="percent")
    assert "up 50.0 %" in card(lost, comparison_type="percent")


def test_a_percentage_of_zero_is_not_shown():
    metric = stat(one(7), one(0), comparison_query="x", comparison_type="percent")
    assert metric.change is None
    assert "%" not in card(metric, comparison_type="percent")


def test_compare_previous_asks_the_same_query_over_the_period_before(tmp_path: Path):
    make_shop(tmp_path)
    text = (
        f"{SHOP}views:\n  sold:\n    plugin: single_stat\n    args:\n      datasource: shop\n"
        "      compare: previous\n"
        "      query: select sum(amount) from sales where day >= {from} and day < {to}\n"
    )
    record, _ = run(tmp_path, text)
    [metric] = record.views[0].metrics
    assert (metric.value, metric.comparison) == (273, 273 - 49)


def test_a_comparison_over_the_interval_before_is_what_it_was(tmp_path: Path):
    make_shop(tmp_path)
    text = (
        f"{SHOP}views:\n  sold:\n    plugin: single_stat\n    args:\n      datasource: shop\n"
        "      query: select sum(amount) from sales where day >= {from} and day < {to}\n"
        "      comparison_query: |\n        select sum(amount) from sales\n"
        "        where date(day, {interval}) >= {from} and day < {from}\n"
        "      comparison_type: percent\n"
    )
    record, _ = run(tmp_path, text)
    [metric] = record.views[0].metrics
    assert (metric.value, metric.comparison) == (273, 224)
    assert metric.change == pytest.approx(49 / 224)


# table


def table(frame: pd.DataFrame, **args: Any) -> str:
    shown = view("table", **args)
    return str(shown.render_md({"main": frame}, MemoryPage(shown, WEEK)))


def test_a_table_shows_ten_rows_unless_it_is_told_and_says_that_it_cuts():
    frame = pd.DataFrame({"n": range(25)})
    assert "10 of 25 rows" in table(frame)
    assert "5 of 25 rows" in table(frame, max_rows=5)


def test_integers_stay_integers_and_a_missing_value_is_an_en_dash():
    html = table(pd.DataFrame({"n": pd.array([1200, None], dtype="Int64")}))
    assert ">1,200<" in html
    assert "1,200.0" not in html
    assert ">–<" in html


def test_numbers_of_a_table_are_aligned_and_texts_are_not():
    frame = pd.DataFrame({"shop": ["east", "west"], "n": [1200, 5]})
    html = table(frame)
    assert re.search(r'<td class="[^"]*num[^"]*"[^>]*>1,200</td>', html)
    assert re.search(r"<td>east</td>", html)


def test_the_first_column_is_a_column_and_no_index(tmp_path: Path):
    make_shop(tmp_path)
    query = "select shop, count(*) as days from sales group by shop order by shop"
    text = f"{SHOP}views: {{t: {{plugin: table, args: {{datasource: shop, query: '{query}'}}}}}}\n"
    record, _ = run(tmp_path, text)
    assert record.frames[0].columns == ("shop", "days")


def test_a_column_that_is_named_as_the_index_comes_first_so_that_numbers_are_the_same(
    tmp_path: Path,
):
    make_shop(tmp_path)
    query = "select sum(amount) as sold, shop from sales group by shop order by shop"
    text = f"{SHOP}views:\n" + "".join(
        f"  {plugin}: {{plugin: {plugin}, args: {{datasource: shop, query: {query!r},"
        " query_args: {index_col: shop}}}\n"
        for plugin in ("single_stat", "table")
    )
    record, outcome = run(tmp_path, text)
    assert outcome.problems == ()
    assert values(record)["single_stat"] == sum(range(1, 61))
    assert record.frames[0].columns == ("shop", "sold")


# rendering


def test_a_view_that_fails_says_what_and_where_and_the_edition_is_not_sealed(tmp_path: Path):
    make_shop(tmp_path)
    text = (
        f"{SHOP}views:\n"
        "  good: {plugin: single_stat, args: {datasource: shop, query: select 7}}\n"
        "  bad: {plugin: single_stat, args: {datasource: shop, query: select sevn}}\n"
    )
    record, outcome = run(tmp_path, text)
    assert record.status == "preliminary"
    assert values(record) == {"good": 7}
    [problem] = outcome.problems
    assert "no such column: sevn" in str(problem)
    assert "bad" in str(problem)
    editions = Archive(str(tmp_path / "archive")).editions()
    site = ArchiveSite(editions, Templates(), Urls(), "code")
    pages = [page.text for edition in site.editions() for page in edition.content().pages]
    assert any("This view could not be made" in page for page in pages)


def test_a_view_is_as_wide_as_its_cols_in_a_grid_of_num_columns(tmp_path: Path):
    make_shop(tmp_path)
    text = (
        f"{SHOP}theme: {{num_columns: 4}}\nviews:\n"
        "  a: {plugin: table, cols: 3, args: {datasource: shop, query: select 7}}\n"
        "  b: {plugin: table, args: {datasource: shop, query: select 7, cols: 2}}\n"
        "  c: {plugin: table, args: {datasource: shop, query: select 7}}\n"
    )
    run(tmp_path, text)
    editions = Archive(str(tmp_path / "archive")).editions()
    [edition] = ArchiveSite(editions, Templates(), Urls(), "code").editions()
    page = edition.content().pages[0].text
    assert "--kpi-columns:4" in page.replace(" ", "")
    cards = re.findall(r'<section class="kpi-card([^"]*)"', page)
    assert [card.strip() for card in cards] == ["kpi-cols-3", "kpi-cols-2", ""]


def test_a_view_that_lacks_its_column_is_told_with_what_there_is():
    with pytest.raises(ViewError, match="no column 'shpo'"):
        plot(pd.DataFrame({"time": DAYS, "shop": list("abc"), "n": [1, 2, 3]}), groupby="shpo")


def test_templates_are_of_the_theme_then_of_the_packages_of_the_view_and_its_bases_then_of_the_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    theme = tmp_path / "theme"
    own, base = tmp_path / "acme_sales" / "views", tmp_path / "acme_base"
    texts = {
        theme: {"first.html": "theme"},
        own / "templates": {"first.html": "own", "second.html": "own {{ text }}"},
        base / "templates": {
            **{f"{name}.html": "base" for name in ("first", "second")},
            "third.html": "base",
            "views/empty.html": "base",
        },
    }
    for folder, templates in texts.items():
        for name, text in templates.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "fourth.html").write_text("beside a module that is in no package")
    (base / "__init__.py").write_text(
        "from kpisite.views.text import Text\nclass Base(Text): ...\n"
    )
    (tmp_path / "acme_alone.py").write_text("from acme_base import Base\nclass Alone(Base): ...\n")
    for package in (own.parent, own):
        (package / "__init__.py").write_text("")
    (own / "own.py").write_text("from acme_alone import Alone\nclass Own(Alone): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    cls = importlib.import_module("acme_sales.views.own").Own

    look = Templates([theme]).of(cls)
    assert look.render("first.html") == "theme"
    assert look.render("second.html", text="a < b") == "own a &lt; b"
    assert look.render("third.html") == "base"
    assert look.render("views/empty.html") == "base"
    assert "No alerts fired" in look.render("views/prometheus_alert_summary.html", alerts=[])
    with pytest.raises(ViewError, match=r"no template 'fourth\.html'"):
        look.render("fourth.html")
    page = MemoryPage(cls("sales", "Sales", cls.Options(text="")), ViewContract.period)
    assert page.template("second.html", text="b") == "own b"
    assert Templates([theme]).of(Table).render("views/empty.html") != "base"
