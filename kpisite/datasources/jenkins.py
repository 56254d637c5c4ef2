"""Asks a Jenkins for its jobs, their health and their last builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from kpisite.datasources._asking import check_query, named
from kpisite.datasources._http import Client, RefusedError
from kpisite.datasources._jenkins_jobs import (
    BUILDS,
    MOST_BUILDS,
    Job,
    builds_frame,
    job_fields,
    job_path,
    jobs_frame,
    jobs_of,
    jobs_tree,
)
from kpisite.datasources._query_args import check_args
from kpisite.errors import DatasourceError
from kpisite.plugins import Datasource, DatasourceContext, PluginOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from kpisite.plugins import Period

_QUERIES = ("get_all_jobs", "get_builds", "get_job_info")


class JenkinsOptions(PluginOptions):
    """Which Jenkins is asked."""

    host: str
    """Address of the Jenkins, `https://ci.example.org/jenkins`; without a scheme, http."""
    user: str = ""
    """Who asks; without a user, what anyone may see."""
    api_token: SecretStr = SecretStr("")
    """The user's API token, which Jenkins makes on the user's page."""
    timeout: float = Field(default=120, gt=0)
    """Seconds that a query may take, with all its requests and tries."""

    @field_validator("host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        address = host if "://" in host else f"http://{host}"
        parts = urlsplit(address)
        is_fine = parts.scheme in ("http", "https") and parts.hostname and len(host.split()) == 1
        if not is_fine or parts.query:
            raise ValueError("this is no address; write it like https://ci.example.org/jenkins")
        if "@" in parts.netloc:
            raise ValueError("user and password go into 'user' and 'api_token'")
        return address

    @model_validator(mode="after")
    def _check_user(self) -> Self:
        if bool(self.user) != bool(self.api_token.get_secret_value()):
            raise ValueError("'user' and 'api_token' need each other")
        return self


class Jenkins(Datasource):
    """Answers with what the JSON API of a Jenkins says."""

    Options = JenkinsOptions
    options: JenkinsOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        token = self.options.api_token.get_secret_value()
        basic = (self.options.user, token) if self.options.user else None
        self._client = Client(self.options.host, basic=basic, timeout=self.options.timeout)

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer `get_all_jobs`, `get_builds`, or `get_job_info` with the full name of a job."""
        asked, _, rest = query.strip().partition(" ")
        job = rest.strip()
        with named(self.context):
            check_query(asked, _QUERIES)
            check_args(args, ("name", "invert") if asked == "get_builds" else ())
            if bool(job) != (asked == "get_job_info"):
                what = f"'{asked}' takes no job" if job else f"'{asked}' lacks the name of a job"
                raise DatasourceError(what, hint="Write it like: get_job_info folder/job")
            self._client.begin()
            if asked == "get_all_jobs":
                return jobs_frame(self._jobs(0), period)
            if asked == "get_job_info":
                jobs = self._with_builds(lambda builds: [self._job(job, builds)], period)
            else:
                fits = _filter(args)
                jobs = self._with_builds(
                    lambda builds: [job for job in self._jobs(builds) if fits(job.name)], period
                )
            return builds_frame(jobs, period)

    def close(self) -> None:
        """Give back the connections, if there are any."""
        self._client.close()

    def _jobs(self, builds: int) -> list[Job]:
        """Return all jobs by name, with so many builds each."""
        found: dict[str, Job] = {}
        folders = [""]
        for folder in folders:  # grows: what is too deep for one request is asked for by another
            answer = self._client.get(f"{job_path(folder)}/api/json", {"tree": jobs_tree(builds)})
            jobs, deeper = jobs_of(answer.json(), folder)
            found |= {job.name: job for job in jobs}
            folders += [name for name in deeper if name not in folders]
        return [found[name] for name in sorted(found)]

    def _job(self, name: str, builds: int) -> Job:
        try:
            answer = self._client.get(
                f"{job_path(name)}/api/json", {"tree": f"{job_fields(builds)},jobs[name]"}
            ).json()
        except RefusedError as error:
            if error.answer.status != 404:
                raise
            hint = "Write its full name, as 'query: get_all_jobs' lists it; may the user see it?"
            raise DatasourceError(f"Jenkins has no job '{name}'", hint=hint) from None
        if isinstance(answer, dict) and "jobs" in answer:
            raise DatasourceError(f"'{name}' is a folder", hint="Write the name of a job in it.")
        [job], _ = jobs_of({"jobs": [answer]})
        return job

    def _with_builds(self, ask: Callable[[int], list[Job]], period: Period) -> list[Job]:
        """Return jobs with builds that began before the end of the period."""
        jobs = ask(BUILDS)
        if _cut_short(jobs, BUILDS, period):
            jobs = ask(MOST_BUILDS)
            if lacking := _cut_short(jobs, MOST_BUILDS, period):
                self.note(
                    f"Jenkins lists only the {MOST_BUILDS} newest builds of a job; fewer than "
                    f"{BUILDS} of them began before the end of the period: {', '.join(lacking)}"
                )
        return jobs


def _cut_short(jobs: list[Job], most: int, period: Period) -> list[str]:
    """Return the jobs that have builds of the period's time beyond those that were asked for."""
    return [
        job.name
        for job in jobs
        if len(job.builds()) >= most and len(job.builds_before(period.end)) < BUILDS
    ]


def _filter(args: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return what tells whether a job's name fits `name` and `invert`.

    Raises:
        DatasourceError: They are not as they should be.
    """
    names, invert = args.get("name", []), args.get("invert", False)
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list | tuple) or not isinstance(invert, bool):
        raise DatasourceError(
            "'name' is one regular expression or a list of them, 'invert' true or false"
        )
    try:
        patterns = [re.compile(name) for name in names]
    except (re.error, TypeError) as error:
        raise DatasourceError(f"'name' has what is no regular expression: {error}") from None
    return lambda job: all(pattern.search(job) for pattern in patterns) != invert
