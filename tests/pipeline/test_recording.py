"""What a view asks is asked once, and comes back from the archive as it was."""

from __future__ import annotations

import threading
from datetime import date
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from kpisite.archive.frames import from_parquet
from kpisite.errors import DatasourceError, UnsupportedFrameError, ViewError
from kpisite.model.period import Period
from kpisite.pipeline.connections import Datasources
from kpisite.pipeline.recording import Recorder
from kpisite.plugins import Blob, Datasource, DatasourceContext, PluginOptions, Query

PERIOD = Period.containing(date(2024, 1, 8), "week", ZoneInfo("UTC"))


class Fake(Datasource):
    """Counts what it is asked; the query is Python."""

    closed = 0
    meeting: threading.Barrier | None = None

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self.asked: list[str] = []

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        self.asked.append(f"{query}@{period.label}")
        if self.meeting is not None:
            self.meeting.wait(timeout=30)
        if query.startswith("day >= "):
            raise DatasourceError("syntax error", hint="LINE 1: here")
        if "note" in args:
            self.note(args.pop("note"))
        return cast("pd.DataFrame", eval(query, {"pd": pd, "period": period, **args}))

    def close(self) -> None:
        type(self).closed += 1
        raise RuntimeError("cannot close")


class Sources(Datasources):
    """Datasources that are there before they are asked for."""

    def __init__(self, *ids: str) -> None:
        super().__init__(cast("Any", SimpleNamespace(datasources={})))
        for id_ in ids:
            self._idle[id_] = [Fake(PluginOptions(), cast("Any", None))]

    def asked(self, id_: str) -> list[str]:
        [only] = self._idle[id_]
        return cast("Fake", only).asked


ONE = "pd.DataFrame({'n': [1]})"


@pytest.fixture
def sources() -> Sources:
    return Sources("a", "b")


@pytest.fixture
def recorder(sources: Sources) -> Recorder:
    return Recorder(sources, PERIOD)


def test_equal_queries_run_once(recorder: Recorder, sources: Sources):
    recorder.prefetch([Query("a", ONE), Query("a", ONE)])
    first, second = recorder.query(Query("a", ONE)), recorder.query(Query("a", ONE))
    assert first is not second
    assert sources.asked("a") == [f"{ONE}@2024-W02"]
    assert len(recorder.frames) == 1


@pytest.mark.parametrize(
    "other",
    [
        Query("b", ONE),
        Query("a", ONE + " "),
        Query("a", ONE, {"x": 1}),
        Query("a", ONE, previous=True),
    ],
)
def test_queries_that_differ_in_anything_run_each(recorder: Recorder, other: Query):
    recorder.query(Query("a", ONE))
    recorder.query(other)
    assert len(recorder.frames) == 2


def test_the_previous_period_is_asked_for_where_the_query_says_so(
    recorder: Recorder, sources: Sources
):
    recorder.query(Query("a", ONE, previous=True))
    assert sources.asked("a") == [f"{ONE}@2024-W01"]
    assert recorder.frames[0].period == "2024-W01"


BEFORE = Query("a", "pd.DataFrame({'label': [period.label]})", previous=True)
NOW = Query(BEFORE.datasource, BEFORE.text)


def test_what_the_edition_before_has_just_asked_is_not_asked_again(sources: Sources):
    first = Recorder(sources, PERIOD.previous())
    first.prefetch([NOW, BEFORE])
    recorder = Recorder(sources, PERIOD)
    recorder.prefetch([NOW, BEFORE])
    assert [asked[-8:] for asked in sources.asked("a")] == ["2024-W01", "2023-W52", "2024-W02"]
    assert recorder.query(BEFORE)["label"].tolist() == ["2024-W01"]
    assert recorder.query(NOW)["label"].tolist() == ["2024-W02"]
    assert {frame.period for frame in recorder.frames} == {"2024-W01", "2024-W02"}


def test_an_answer_that_nothing_is_compared_with_is_not_kept(sources: Sources):
    Recorder(sources, PERIOD.previous()).prefetch([NOW])
    Recorder(sources, PERIOD).prefetch([BEFORE])
    assert len(sources.asked("a")) == 2


@pytest.mark.parametrize("text", ["1 / 0", "pd.DataFrame({'n': range(1001)})"])
def test_an_error_and_a_large_answer_are_asked_for_again(sources: Sources, text: str):
    queries = [Query("a", text), Query("a", text, previous=True)]
    Recorder(sources, PERIOD.previous()).prefetch(queries)
    Recorder(sources, PERIOD).prefetch(queries)
    assert len(sources.asked("a")) == 4


def test_datasources_are_asked_side_by_side(
    recorder: Recorder, sources: Sources, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Fake, "meeting", threading.Barrier(2))  # passes only if both are there
    recorder.prefetch([Query("a", ONE), Query("b", ONE)])
    assert recorder.query(Query("a", ONE))["n"].tolist() == [1]


def test_a_frame_is_recorded_with_where_it_came_from(recorder: Recorder):
    recorder.query(Query("a", "pd.DataFrame({'n': [x, 2]})", {"x": 1}))
    [frame] = recorder.frames
    assert (frame.datasource, frame.args, frame.rows, frame.columns) == ("a", {"x": 1}, 2, ("n",))
    assert frame.bytes == len(recorder.content[frame.sha256])


def test_what_one_view_does_to_its_frame_no_other_sees(recorder: Recorder):
    mine = recorder.query(Query("a", ONE))
    mine["n"] = 99
    mine.loc[0, "m"] = 7
    mine.columns = ["x", "y"]
    mine.index = pd.Index(["i"])
    yours = recorder.query(Query("a", ONE))
    assert yours.to_dict("list") == {"n": [1]}
    assert from_parquet(recorder.content[recorder.frames[0].sha256]).to_dict("list") == {"n": [1]}


def test_a_frame_that_is_returned_as_it_came_is_recorded_once(recorder: Recorder):
    frame = recorder.query(Query("a", ONE))
    assert recorder.position(frame) == 0
    assert len(recorder.frames) == 1


@pytest.mark.parametrize("change", ["value", "column", "index name"])
def test_an_answer_that_a_view_changed_is_recorded_as_it_returned_it(
    recorder: Recorder, change: str
):
    frame = recorder.query(Query("a", ONE))
    if change == "value":
        frame.loc[0, "n"] = 2
    elif change == "column":
        frame["half"] = frame["n"] / 2
    else:
        frame.index.name = "row"
    recorded = recorder.frames[recorder.position(frame)]
    assert len(recorder.frames) == 2
    pd.testing.assert_frame_equal(from_parquet(recorder.content[recorded.sha256]), frame)


def test_a_frame_that_a_view_made_is_recorded_without_a_query(recorder: Recorder):
    position = recorder.position(pd.DataFrame({"n": [5]}))
    assert (recorder.frames[position].datasource, recorder.frames[position].query) == ("", "")


def test_an_error_is_the_answer_to_whoever_asks(recorder: Recorder, sources: Sources):
    recorder.prefetch([Query("a", "1 / 0"), Query("a", ONE)])
    for _ in range(2):
        with pytest.raises(DatasourceError, match="ZeroDivisionError: division by zero") as caught:
            recorder.query(Query("a", "1 / 0"))
        assert caught.value.hint.startswith("Raised in ")
        assert caught.value.where == "datasource 'a'"
    assert len(sources.asked("a")) == 2
    assert recorder.query(Query("a", ONE))["n"].tolist() == [1]


def test_a_failed_query_with_what_is_almost_a_token_is_told_the_token(recorder: Recorder):
    hints = []
    for query in ("day >= {form}", "day >= {from}"):
        with pytest.raises(DatasourceError, match="syntax error") as caught:
            recorder.query(Query("a", query))
        hints.append(caught.value.hint)
    assert hints == ["{form} is no token. Did you mean {from}?\nLINE 1: here", "LINE 1: here"]


def test_an_answer_that_is_no_dataframe_is_said(recorder: Recorder):
    with pytest.raises(DatasourceError, match="the plugin returned list, not a Data") as caught:
        recorder.query(Query("a", "[1]"))
    assert caught.value.where == "datasource 'a'"


def test_a_frame_that_would_not_come_back_is_refused(recorder: Recorder):
    with pytest.raises(UnsupportedFrameError) as caught:
        recorder.query(Query("a", "pd.DataFrame({'n': [object()]})"))
    assert caught.value.where == "datasource 'a'"


def test_query_args_may_have_keys_of_several_kinds(recorder: Recorder):
    odd = Query("a", ONE, {"x": {1: "one", "a": "b"}})
    recorder.prefetch([odd])
    assert recorder.query(odd)["n"].tolist() == [1]
    assert len(recorder.frames) == 1


def test_an_unknown_datasource_is_an_error(recorder: Recorder):
    with pytest.raises(DatasourceError, match="there is no datasource 'c' in this report"):
        recorder.query(Query("c", ONE))


def test_blobs_belong_to_the_view_that_kept_them(recorder: Recorder):
    recorder.blob(Blob("map.png", b"one", "image/png", "A map"))
    [taken] = recorder.take_blobs("where")
    assert (taken.id, taken.bytes, taken.title) == ("where/map.png", 3, "A map")
    assert recorder.blob_content[taken.sha256] == b"one"
    assert recorder.take_blobs("other") == ()


@pytest.mark.parametrize("name", ["../x.png", "a/b.png", "", ".hidden", 'x".png', "a b"])
def test_a_blob_cannot_be_named_like_a_path(recorder: Recorder, name: str):
    with pytest.raises(ViewError, match="names no blob"):
        recorder.blob(Blob(name, b"", "image/png"))


def test_two_blobs_of_a_view_cannot_have_one_name(recorder: Recorder):
    recorder.blob(Blob("a.png", b"1", "image/png"))
    with pytest.raises(ViewError, match="or two of them"):
        recorder.blob(Blob("a.png", b"2", "image/png"))


def test_all_datasources_are_closed_although_one_fails_to(
    sources: Sources, caplog: pytest.LogCaptureFixture
):
    before = Fake.closed
    sources.close()
    sources.close()
    assert Fake.closed == before + 2
    assert "datasource 'a' did not close: RuntimeError" in caplog.text


def test_what_a_datasource_notes_goes_to_each_view_that_asks_and_to_no_other(recorder: Recorder):
    noted, other = Query("a", ONE, {"note": "half is missing"}), Query("a", f"{ONE} * 2")
    for _ in range(2):
        recorder.query(noted)
        recorder.query(noted)
        assert recorder.take_notes() == ("half is missing",)
    recorder.query(other)
    assert recorder.take_notes() == ()


def test_what_a_failed_query_noted_is_not_said_of_the_next(recorder: Recorder):
    with pytest.raises(DatasourceError):
        recorder.query(Query("a", "1 / 0", {"note": "half is missing"}))
    recorder.query(Query("a", ONE))
    assert recorder.take_notes() == ()
