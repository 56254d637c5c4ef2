"""Words, dates and numbers in the language of a site."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from kpisite.errors import KpisiteError
from kpisite.model.language import (
    ENGLISH,
    Language,
    gettext,
    language,
    ngettext,
    read_language,
    speaking,
)
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat, grouped
from kpisite.model.period import Period
from kpisite.model.words import period_short, period_span, period_title
from kpisite.render.templates import template_folder

if TYPE_CHECKING:
    from pathlib import Path

BERLIN = ZoneInfo("Europe/Berlin")
SHIPPED = template_folder() / "locale"
GERMAN = read_language("de", [SHIPPED])
CATALOGUE = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "no data"
msgstr "pas de données"

msgid "{count} row"
msgid_plural "{count} rows"
msgstr[0] "{count} ligne"
msgstr[1] "{count} lignes"
"""


def week(day: date) -> Period:
    return Period.containing(day, "week", BERLIN)


@pytest.mark.parametrize(
    ("period", "title", "short", "span"),
    [
        (week(date(2013, 2, 4)), "KW 6, 2013", "KW 6", "4. – 10. Februar 2013"),
        (week(date(2013, 1, 28)), "KW 5, 2013", "KW 5", "28. Januar – 3. Februar 2013"),
        (week(date(2013, 12, 30)), "KW 1, 2014", "KW 1", "30. Dezember 2013 – 5. Januar 2014"),
        (
            Period.containing(date(2013, 3, 5), "month", BERLIN),
            *("März 2013", "März", "1. – 31. März 2013"),
        ),
        (
            Period.containing(date(2013, 3, 5), "day", BERLIN),
            *("5. März 2013", "5. März", "5. März 2013"),
        ),
        (
            Period.containing(date(2013, 3, 5), "quarter", BERLIN),
            *("Q1 2013", "Q1", "1. Januar – 31. März 2013"),
        ),
    ],
)
def test_german_periods(period: Period, title: str, short: str, span: str) -> None:
    with speaking(GERMAN):
        assert (period_title(period), period_short(period), period_span(period)) == (
            title,
            short,
            span,
        )


@pytest.mark.parametrize(
    ("tag", "day", "number"),
    [
        ("en", "4 September 2013", "−1,234.5"),
        ("de", "4. September 2013", "−1.234,5"),
        ("fr", "4 septembre 2013", "−1\u202f234,5"),
        ("pt-BR", "4 de setembro de 2013", "−1.234,5"),
        ("ja", "2013年9月4日", "−1,234.5"),
        ("xx", "4 September 2013", "−1,234.5"),
        ("no such thing", "4 September 2013", "−1,234.5"),
    ],
)
def test_dates_and_numbers_follow_the_language_even_without_words(
    tag: str, day: str, number: str
) -> None:
    with speaking(read_language(tag, [SHIPPED])):
        assert language().day(date(2013, 9, 4)) == day
        assert grouped(-1234.5, 1) == number


def test_a_span_is_written_out_where_dates_do_not_begin_with_the_day() -> None:
    with speaking(Language("ja")):
        assert period_span(week(date(2013, 2, 4))) == "2013年2月4日 – 2013年2月10日"


@pytest.mark.parametrize(
    ("tag", "currency", "text"),
    [
        ("en", "EUR", "−€1,234.50"),
        ("en", "USD", "−$1,234.50"),
        ("en", "CHF", "−1,234.50 CHF"),
        ("de", "EUR", "−1.234,50 €"),
        ("de", "CHF", "−1.234,50 CHF"),
        ("de", "USD", "−1.234,50 $"),
    ],
)
def test_money_stands_where_the_language_puts_it(tag: str, currency: str, text: str) -> None:
    with speaking(Language(tag)):
        assert NumberFormat(style="currency", currency=currency, precision=2).text(-1234.5) == text


def test_a_metric_tells_its_change_and_its_target_in_german() -> None:
    metric = Metric(
        name="on_time",
        title="Pünktlich",
        value=0.798,
        format=NumberFormat(style="percent", precision=1),
        comparison=0.757,
        comparison_title="2013-W05",
        change_as="raw",
        target=0.8,
        good="up",
    )
    with speaking(GERMAN):
        assert metric.change_text == "4,1 %-Punkte"
        assert metric.comparison_text == "KW 5"
        assert metric.target_text == "Ziel 80 % um 0,2 %-Punkte verfehlt"
        assert metric.change_direction == "up"
    assert metric.comparison_text == "week 5"


def test_what_is_compared_with_stays_as_it_was_written_where_it_is_no_period() -> None:
    metric = Metric(name="a", title="A", value=1, comparison=2, comparison_title="week 5")
    assert metric.comparison_text == "week 5"
    with speaking(GERMAN):
        assert metric.comparison_text == "week 5"
        of_query = metric.model_copy(update={"comparison_title": "comparison"})
        assert of_query.comparison_text == "Vergleich"


def test_english_is_spoken_again_afterwards_and_by_default() -> None:
    assert language() is ENGLISH
    with speaking(GERMAN):
        assert (gettext("no data"), ngettext("{count} row", "{count} rows", 1)) == (
            "keine Daten",
            "{count} Zeile",
        )
        assert gettext("Nobody translated this.") == "Nobody translated this."
        assert gettext("") == ""
    assert gettext("no data") == "no data"


def test_a_project_brings_words_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "fr" / "LC_MESSAGES" / "kpisite.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE, encoding="utf-8")
    for tag in ("fr", "fr-CA"):
        with speaking(read_language(tag, [tmp_path, SHIPPED])):
            assert gettext("no data") == "pas de données"
            assert ngettext("{count} row", "{count} rows", 0) == "{count} ligne"


def test_a_catalogue_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "fr" / "LC_MESSAGES" / "kpisite.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE + "\nmsgid no quotes\n", encoding="utf-8")
    with pytest.raises(KpisiteError) as caught:
        read_language("fr", [tmp_path])
    assert str(path) in str(caught.value)
    assert re.search(r"\bon \d+\n", str(caught.value))


def test_the_digest_of_a_language_changes_with_its_words(tmp_path: Path) -> None:
    assert GERMAN.digest
    assert GERMAN.digest != read_language("fr", [SHIPPED]).digest
