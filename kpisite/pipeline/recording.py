"""Record, then replay: what a view asks goes to a datasource once, and to the archive."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from kpisite.archive.frames import digest, to_parquet
from kpisite.errors import DatasourceError, KpisiteError, UnsupportedFrameError, ViewError
from kpisite.model.edition import BlobRecord, FrameRecord
from kpisite.pipeline.answers import Answer
from kpisite.plugins.tokens import misspelled
from kpisite.plugins.view import Blob, Collector, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kpisite.archive.store import Edition
    from kpisite.model.edition import ViewRecord
    from kpisite.model.period import Period
    from kpisite.pipeline.connections import Datasources


_BLOB_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Recorder(Collector):
    """Answers the views of one edition and keeps what they got."""

    def __init__(self, datasources: Datasources, period: Period) -> None:
        self.period = period
        self.frames: list[FrameRecord] = []
        self.content: dict[str, bytes] = {}
        """SHA-256 → Parquet file."""
        self.blob_content: dict[str, bytes] = {}
        self._blobs: dict[str, BlobRecord] = {}
        self._datasources = datasources
        self._answers: dict[str, Answer] = {}
        self._compared: set[str] = set()
        """What is asked for the period before too: the next edition asks it for this one."""
        self._positions: dict[str, int] = {}
        self._given: list[tuple[pd.DataFrame, pd.DataFrame, int]] = []
        self._notes: list[str] = []

    def prefetch(self, queries: Iterable[Query]) -> None:
        """Ask what is known beforehand: datasources side by side, each its queries in turn."""
        groups: dict[str, dict[str, Query]] = {}
        for query in queries:
            if query.previous:
                self._compared.add(self._key(replace(query, previous=False)))
            groups.setdefault(query.datasource, {})[self._key(query)] = query
        if len(groups) < 2:
            for group in groups.values():
                self._ask_all(group)
            return
        with ThreadPoolExecutor(len(groups), thread_name_prefix="datasource") as executor:
            for future in [executor.submit(self._ask_all, group) for group in groups.values()]:
                future.result()

    def query(self, query: Query) -> pd.DataFrame:
        """Return the answer, from the datasource or from an equal query before."""
        key = self._key(query)
        if key not in self._answers:
            self._answers[key] = self._ask(query)
        answer = self._answers[key]
        if answer.error is not None:
            raise answer.error
        assert answer.frame is not None  # noqa: S101 - an answer has one or the other
        self._notes += answer.notes
        if key not in self._positions:
            try:
                self._positions[key] = self._record(answer.frame, query, answer.seconds)
            except UnsupportedFrameError as error:
                error.where = _source(query)
                raise
        given = answer.frame.copy(deep=False)  # what a view changes in it, no other sees
        self._given.append((given, answer.frame, self._positions[key]))
        return given

    def blob(self, blob: Blob) -> None:
        """Keep fetched bytes; `take_blobs` says which view they belong to."""
        if _BLOB_NAME.fullmatch(blob.name) is None or blob.name in self._blobs:
            raise ViewError(
                f"'{blob.name}' names no blob, or two of them",
                hint="A name is unique in its view and has letters, digits, '.', '_' and '-'.",
            )
        sha256 = digest(blob.data)
        self.blob_content[sha256] = blob.data
        self._blobs[blob.name] = BlobRecord(
            id=blob.name, mime=blob.mime, title=blob.title, sha256=sha256, bytes=len(blob.data)
        )

    def take_blobs(self, view: str) -> tuple[BlobRecord, ...]:
        """Return what was kept since the last call, as blobs of a view."""
        taken = [b.model_copy(update={"id": f"{view}/{b.id}"}) for b in self._blobs.values()]
        self._blobs.clear()
        return tuple(taken)

    def take_notes(self) -> tuple[str, ...]:
        """Return what datasources said of the answers since the last call, each once."""
        notes, self._notes = tuple(dict.fromkeys(self._notes)), []
        return notes

    def position(self, frame: pd.DataFrame) -> int:
        """Return the place of a frame in the record; one that a view made is recorded now.

        So is an answer that the view has changed: what is shown later is what it returned.
        """
        for given, answer, position in self._given:
            if given is frame and _same(frame, answer):
                return position
        return self._record(frame, None, 0.0)

    def _ask_all(self, group: Mapping[str, Query]) -> None:
        for key, query in group.items():
            self._answers[key] = self._ask(query)

    def _ask(self, query: Query) -> Answer:
        period = self.period.previous() if query.previous else self.period
        key = self._key(replace(query, previous=False))
        known = self._datasources.answers.find(key, period) if query.previous else None
        if known is not None:
            return known
        answer = self._answered(query, period)
        if key in self._compared and not query.previous:
            self._datasources.answers.keep(key, period, answer)
        return answer

    def _answered(self, query: Query, period: Period) -> Answer:
        started = time.perf_counter()
        try:
            with self._datasources.lent(query.datasource) as datasource:
                datasource.take_notes()  # of a query that failed
                frame = datasource.query(query.text, period, **query.args)
                notes = datasource.take_notes()
        except KpisiteError as error:
            error.hint = "\n".join(filter(None, (misspelled(query.text), error.hint)))
            return Answer(None, error, time.perf_counter() - started)
        except Exception as error:  # noqa: BLE001 - a plugin's mistake is the view's, not the run's
            message = f"{type(error).__name__}: {error}"
            wrapped = DatasourceError(message, where=_source(query), hint=raised_in(error))
            wrapped.__cause__ = error
            return Answer(None, wrapped, time.perf_counter() - started)
        if not isinstance(frame, pd.DataFrame):
            message = f"the plugin returned {type(frame).__name__}, not a DataFrame"
            wrong = DatasourceError(message, where=_source(query))
            return Answer(None, wrong, time.perf_counter() - started)
        return Answer(frame, None, time.perf_counter() - started, notes)

    def _record(self, frame: pd.DataFrame, query: Query | None, seconds: float) -> int:
        data = to_parquet(frame)
        sha256 = digest(data)
        self.content[sha256] = data
        previous = query is not None and query.previous
        self.frames.append(
            FrameRecord(
                datasource=query.datasource if query else "",
                query=query.text if query else "",
                args=dict(query.args) if query else {},
                period=(self.period.previous() if previous else self.period).label,
                sha256=sha256,
                rows=len(frame),
                columns=tuple(map(str, frame.columns)),
                bytes=len(data),
                seconds=round(seconds, 4),
            )
        )
        return len(self.frames) - 1

    @staticmethod
    def _key(query: Query) -> str:
        try:
            args = json.dumps(query.args, sort_keys=True, default=repr)
        except TypeError:  # keys of several kinds have no order
            args = repr(query.args)
        return "\0".join((query.datasource, query.text, args, str(query.previous)))


def raised_in(error: Exception) -> str:
    """Return where in the code an unexpected error was raised, for the plugin's author."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f"Raised in {module}, line {trace.tb_lineno}."


def _source(query: Query) -> str:
    return f"datasource '{query.datasource}'"


def _same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    names = left.index.names == right.index.names and left.columns.names == right.columns.names
    return names and left.equals(right)


class RecordedFrames(Mapping[str, pd.DataFrame]):
    """The frames of a view by name: read and verified at once, decoded when asked for."""

    def __init__(self, edition: Edition, view: ViewRecord) -> None:
        """Read the files.

        Raises:
            CorruptEditionError: One is missing, or is not what was recorded.
        """
        self._edition = edition
        self.records = {name: edition.record.frames[n] for name, n in view.frames.items()}
        self.files = {name: edition.frame_bytes(record) for name, record in self.records.items()}
        """Name → Parquet file."""
        self._decoded: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._decoded:
            self._decoded[name] = self._edition.decoded(self.records[name], self.files[name])
        return self._decoded[name].copy(deep=False)  # what a view changes in it, no other sees

    def __iter__(self) -> Iterator[str]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


def replay(edition: Edition, view: ViewRecord) -> RecordedFrames:
    """Return the recorded frames of a view by name; no datasource is touched.

    Raises:
        CorruptEditionError: A frame is missing or damaged.
    """
    return RecordedFrames(edition, view)
