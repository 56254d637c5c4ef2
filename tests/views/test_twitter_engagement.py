from __future__ import annotations

import math
import re
from typing import ClassVar

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.twitter_engagement import TwitterEngagement

ZONE = ViewContract.period.zone


def posts(
    *likes: int | None, text: str = "Post", url: str = "https://x.com/i/status/"
) -> pd.DataFrame:
    """Return what the datasource answers: a post a day, with so many likes."""
    count = len(likes)
    days = [pd.Timestamp(2013, 2, 4 + n, 9, tz=ZONE) for n in range(count)]
    return pd.DataFrame(
        {
            "time": pd.Series(days, dtype=pd.DatetimeTZDtype("us", ZONE)),
            "likes": pd.array(likes, dtype="Int64"),
            "shares": pd.array(list(range(count)), dtype="Int64"),
            "replies": pd.array([2] * count, dtype="Int64"),
            "text": pd.Series([f"{text} {n}" for n in range(count)], dtype="str"),
            "id": pd.Series([str(n) for n in range(count)], dtype="str"),
            "url": pd.Series([f"{url}{n}" for n in range(count)], dtype="str"),
        }
    )


def view(**options: object) -> TwitterEngagement:
    made = TwitterEngagement.Options.model_validate(options)
    return TwitterEngagement("posts", "Posts", made)


def render(frame: pd.DataFrame, **options: object) -> str:
    shown = view(**options)
    shown.check({"main": frame})
    return str(shown.render_md({"main": frame}, MemoryPage(shown, ViewContract.period)))


class TestTwitterEngagementContract(ViewContract):
    view = TwitterEngagement
    options: ClassVar = {"query_args": {"username": "example"}}
    frames: ClassVar = {"main": posts(3, 120, None, 7)}


def test_the_query_needs_a_name_alone() -> None:
    [asked] = view(query_args={"username": "example"}).queries().values()
    assert (asked.datasource, asked.text, asked.args) == (
        "twitter",
        "tweets",
        {"username": "example"},
    )


def test_the_most_liked_post_is_called_out_in_the_chart_and_in_words() -> None:
    html = render(posts(3, 1200, 7))
    link = '<a href="https://x.com/i/status/1"><q>Post 1</q></a>'
    assert f'<p class="kpi-call-out">Most liked: {link} – 1,200 likes</p>' in html
    chart = html.partition("</svg></div>")[0].partition("<svg")[2]
    assert re.findall(r">(Post \d)</text>", chart) == ["Post 1"]


def test_of_equally_liked_posts_the_first_is_called_out() -> None:
    assert "<q>Post 1</q></a> – 1 like</p>" in render(posts(0, 1, 1))


@pytest.mark.parametrize("likes", [(), (0, 0), (None, None)])
def test_without_a_like_nothing_is_called_out(likes: tuple[int | None, ...]) -> None:
    assert "kpi-call-out" not in render(posts(*likes))


def test_an_infinite_count_is_not_called_out() -> None:
    frame = posts(3, 120).astype({"likes": "float64"})
    frame.loc[0, "likes"] = math.inf
    assert "<q>Post 1</q></a> – 120 likes</p>" in render(frame)


def test_a_long_post_is_whole_in_the_sentence_and_cut_in_the_chart() -> None:
    html = render(posts(5, text="An announcement of many words that goes on and on"))
    assert "<q>An announcement of many words that goes on and on 0</q>" in html
    assert re.search(r">An announ\w+…</text>", html)


def test_an_address_that_could_run_a_script_is_no_link() -> None:
    assert "href" not in render(posts(5, url="javascript:alert(1)//"))


def test_the_table_has_the_posts_without_ids_and_addresses() -> None:
    html = render(posts(5, 6))
    assert re.findall(r'<th scope="col"[^>]*>(\w+)</th>', html) == [
        "Time",
        "Likes",
        "Shares",
        "Replies",
        "Text",
    ]


def test_options_of_a_plot_hold_here_too() -> None:
    html = render(posts(5, 600), label_map={"likes": "Hearts"}, scale="log", legend=False)
    assert "Hearts" in html
    assert "kpi-legend" not in html


def test_posts_may_be_grouped() -> None:
    frame = posts(5, 6).assign(account=["a", "b"])
    html = render(frame, groupby="account")
    assert "kpi-call-out" in html


@pytest.mark.parametrize("options", [{"kind": "line"}, {"top": 3}, {"stacked": True}])
def test_what_is_not_for_points_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        view(**options)


def test_an_answer_without_likes_is_refused() -> None:
    with pytest.raises(ViewError, match=r"no column 'likes' in what 'twitter' answers\n.*tweets"):
        view().check({"main": pd.DataFrame({"n": [1]})})
