from __future__ import annotations

from kpisite.pipeline.problems import Problem, grouped, redact


def problem(view: str = "a", period: str = "2013-W01", **values: str) -> Problem:
    message = values.pop("message", "no such table")
    return Problem("error", "flights", period, view, message, **values)


def test_the_same_problem_of_many_editions_is_told_once_with_its_query():
    (group,) = grouped(
        problem(period=f"2013-W0{n}", query="select 1", hint="Mend it.") for n in (1, 2, 3)
    )
    assert group.text() == (
        "flights/2013-W01 (and 2 more editions), view 'a': no such table\n"
        "    Mend it.\n"
        "    Query: select 1"
    )


def test_the_order_in_which_editions_were_run_makes_no_difference():
    problems = [problem(period=f"2013-W0{n}", message=f"{n % 2}") for n in (1, 2, 3, 4)]
    assert grouped(problems[::-1]) == grouped(problems)


def test_what_several_views_have_alike_is_told_once_without_their_queries():
    (group,) = grouped([problem("a", query="select 1"), problem("b", query="select 2")])
    assert group.text() == "flights/2013-W01, views 'a', 'b': no such table"


def test_views_that_fail_in_different_editions_are_told_apart():
    groups = grouped([problem("a"), problem("a", "2013-W02"), problem("b")])
    assert [group.views for group in groups] == [("a",), ("b",)]


def test_different_messages_stay_apart():
    assert len(grouped([problem(), problem(message="no such column")])) == 2


def test_secrets_are_hidden_also_as_urls_quote_them():
    assert redact("p@ss w/ and p%40ss%20w%2F", ["p@ss w/"]) == "*** and ***"


def test_a_secret_that_has_a_name_shows_that():
    secrets = {"db.internal": "${HOST}", "HOST": "${NAME}", "db.internal:80": "***"}
    assert redact("db.internal, HOST, db.internal:80", secrets) == "${HOST}, ${NAME}, ***"


def test_a_secret_too_short_to_tell_from_other_text_is_left():
    assert redact("a 1 b", ["1"]) == "a 1 b"


def test_a_failed_view_is_told_from_notes_and_from_what_befell_the_whole_edition():
    assert Problem("error", "sales", "2024-02", "rows", "no such column").is_failed_view
    assert not Problem("warning", "sales", "2024-02", "rows", "no data").is_failed_view
    assert not Problem("error", "sales", "2024-02", "", "another run was first").is_failed_view
