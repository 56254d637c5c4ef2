"""The view `jenkins.build_summary`: how the jobs of a Jenkins fare, and their last builds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from kpisite.errors import ViewError
from kpisite.plugins import NumberFormat, PluginOptions, Query, View
from kpisite.plugins.language import gettext
from kpisite.plugins.wall_clock import day_in_full
from kpisite.views._links import web_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from kpisite.plugins import Page, Period

_COLUMNS = ("fullname", "job_url", "score", "number", "url", "time", "duration", "result")
_DURATION = NumberFormat(style="duration")


class Filters(PluginOptions):
    """Which jobs are shown."""

    name: str | tuple[str, ...] = ()
    """Regular expressions; each of them is found somewhere in a job's full name."""
    invert: bool = False
    """Shows the other jobs: those whose name does not match all of them."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for pattern in (name,) if isinstance(name, str) else name:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
        return name


class JenkinsBuildSummary(View):
    """Shows a row per job: its health as weather, and its builds as squares."""

    class Options(PluginOptions):
        """Jobs stand in the order of their names, builds from the oldest to the newest."""

        datasource: str = "jenkins"
        """Id of the datasource that answers."""
        filters: Filters = Field(default_factory=Filters)
        """Which jobs are shown: `{name: [^web/, deploy], invert: false}`."""

    options: Options

    def queries(self) -> Mapping[str, Query]:
        """Return the one query, which answers the builds of all jobs."""
        filters = self.options.filters
        names = (filters.name,) if isinstance(filters.name, str) else filters.name
        args: dict[str, Any] = {"name": list(names)} if names else {}
        if filters.invert:
            args["invert"] = True
        return {"main": Query(self.options.datasource, "get_builds", args)}

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse an answer that is not of Jenkins; note that no job is shown."""
        frame = frames["main"]
        missing = [name for name in _COLUMNS if name not in frame.columns]
        if missing:
            raise ViewError(
                f"the datasource '{self.options.datasource}' answers no builds: "
                f"there is no column '{missing[0]}'",
                hint="Ask a datasource with 'plugin: jenkins'.",
            )
        return ["there is no job, or none whose name fits 'filters'"] if frame.empty else []

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return a table with a row per job."""
        jobs = _jobs(frames["main"], page.period)
        if not jobs:
            return page.template("views/empty.html")
        shown = {build.kind for job in jobs for build in job.builds}
        kinds = [kind for kind in _kinds() if kind in shown]
        return page.template("views/jenkins_build_summary.html", jobs=jobs, kinds=kinds)


@dataclass(frozen=True)
class Kind:
    """What may become of a build."""

    name: str
    """Of its class in the style sheet: `good`, `poor`, `bad`, `none` or `running`."""
    mark: str
    """Stands in the square, so that colours are not all there is."""
    words: str


@dataclass(frozen=True)
class Build:
    """One square."""

    kind: Kind
    title: str
    """All that is known of it, in words."""
    url: str
    """"" where there is none that a reader may follow."""


@dataclass
class Job:
    """One row."""

    name: str
    url: str
    health: str
    """"85 %"; "" where Jenkins says nothing of it."""
    weather: str
    """The sign of its band."""
    weather_words: str
    builds: list[Build] = field(default_factory=list)


def _kinds() -> list[Kind]:
    """Return what may become of a build, in the language of the page."""
    return [
        Kind("good", "✓", gettext("succeeded")),
        Kind("poor", "!", gettext("unstable")),
        Kind("bad", "✕", gettext("failed")),
        Kind("none", "–", gettext("aborted")),
        Kind("none", "○", gettext("not built")),
        Kind("running", "…", gettext("running")),
    ]


_RESULTS = ("SUCCESS", "UNSTABLE", "FAILURE", "ABORTED", "NOT_BUILT", "RUNNING")
"""Jenkins' words, in the order of `_kinds`; the last is that of the datasource."""


def _weather(score: int) -> tuple[str, str]:
    """Return the sign and the words of a band, as Jenkins has them."""
    if score >= 80:
        return "☀", gettext("sunny")
    if score >= 60:
        return "☀☁", gettext("partly cloudy")
    if score >= 40:
        return "☁", gettext("cloudy")
    if score >= 20:
        return "☂", gettext("rain")
    return "⚡", gettext("thunderstorm")


def _jobs(frame: pd.DataFrame, period: Period) -> list[Job]:
    jobs: dict[str, Job] = {}
    kinds = dict(zip(_RESULTS, _kinds(), strict=True))
    values = [frame[name].tolist() for name in _COLUMNS]
    missing = [frame[name].isna().tolist() for name in _COLUMNS]
    for row in range(len(frame)):
        cells = {
            name: None if missing[i][row] else values[i][row] for i, name in enumerate(_COLUMNS)
        }
        name = str(cells["fullname"])
        if name not in jobs:
            jobs[name] = _job(name, cells)
        if cells["number"] is not None:
            jobs[name].builds.append(_build(cells, kinds, period))
    return list(jobs.values())


def _job(name: str, cells: Mapping[str, Any]) -> Job:
    url, score = web_address(cells["job_url"]), cells["score"]
    if score is None:
        return Job(name, url, "", "", "")
    health = NumberFormat(style="percent").text(score / 100)
    return Job(name, url, health, *_weather(score))


def _build(cells: Mapping[str, Any], kinds: Mapping[str, Kind], period: Period) -> Build:
    result = str(cells["result"] or "")
    kind = kinds.get(result) or Kind("none", "?", result.lower().replace("_", " ") or "?")
    parts = [f"#{cells['number']}", kind.words]
    if cells["time"] is not None:
        parts.append(_moment(cells["time"], period))
    length = cells["duration"]
    if isinstance(length, timedelta) and length and kind.name != "running":
        parts.append(_DURATION.text(length.total_seconds()))
    return Build(kind, ", ".join(parts), web_address(cells["url"]))


def _moment(time: datetime, period: Period) -> str:
    local = time.astimezone(period.zone) if time.tzinfo else time
    return f"{day_in_full(local)}, {local:%H:%M}"
