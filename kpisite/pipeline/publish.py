"""Publish a built site through the outputs of all reports, and record where editions went."""

from __future__ import annotations

import functools
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from kpisite.archive.deliveries import add_delivery, read_logs
from kpisite.errors import ArchiveError, KpisiteError
from kpisite.model.delivery import Delivery, Receipt
from kpisite.model.secrets import redact
from kpisite.pipeline.delivered import Settled
from kpisite.plugins.output import OutputContext, OutputDriver, Site, SiteDriver, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.project import Project
    from kpisite.plugins.binding import Bound
    from kpisite.plugins.output import Progress

    Show = Callable[[tuple[str, ...], int, int], None]
    """Told of an output (`flights/web`, of all reports that share it) how much is through."""


@dataclass(frozen=True)
class OutputResult:
    """What became of an output that one or several reports name."""

    outputs: tuple[str, ...]
    """`flights/web`: report and output id, of all that share its plugin and options."""
    plugin: str
    status: Literal["ok", "partly", "failed", "planned", "held", "checked"]
    """`partly`: some of those who were to be told were refused. `held`: people are not told,
    because the site is not where they would look. `checked`: nothing went out, whoever would take
    it has only checked it."""
    target: str = ""
    """Where it goes; empty where the driver could not say."""
    details: Mapping[str, str | int] = field(default_factory=dict)
    """Counts and the like from the receipt."""
    recorded: int = 0
    """How many deliveries of editions were recorded."""
    plan: tuple[str, ...] = ()
    """What would be done, in a dry run."""
    message: str = ""
    """Why it failed, and what to do."""
    edition: str = ""
    """`flights/2013-W06`, where it told people of one."""


@dataclass(frozen=True)
class _Shared:
    """An output with all reports that name it: equal ones are deployed once."""

    bound: Bound
    members: list[tuple[LoadedReport, str]]

    @property
    def secrets(self) -> Mapping[str, str]:
        return {s: name for report, _ in self.members for s, name in report.secrets.items()}


def read_site(folder: Path) -> Site:
    """Return a built site: its files, sorted, and the digest of all paths and contents."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    whole = hashlib.sha256()
    for path in files:
        with (folder / path).open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path}\0{content}\n".encode())
    return Site(folder, tuple(files), whole.hexdigest())


def publish(
    project: Project,
    reports: Iterable[LoadedReport],
    site: Site,
    *,
    dry_run: bool,
    only: Collection[str] = (),
    show: Show | None = None,
) -> list[OutputResult]:
    """Deploy a site through every output for sites, side by side; none stops the others.

    After a deploy, each sealed edition of the reports that name the output gets its delivery
    recorded, unless this revision went to this target before.

    Args:
        project: Relative paths of outputs start at its folder; its time is that of deliveries.
        reports: Equal outputs of several reports are deployed once.
        site: What is deployed.
        dry_run: Only say what would be done: nothing is delivered, nothing recorded.
        only: Ids of outputs; by default, all.
        show: Told how far each output is, by its thread or threads.
    """
    outputs = _shared(reports, only)
    if not outputs:
        return []
    one = functools.partial(_publish_one, project, site=site, dry_run=dry_run, show=show)
    with ThreadPoolExecutor(len(outputs), thread_name_prefix="output") as executor:
        return list(executor.map(one, outputs))


def _shared(reports: Iterable[LoadedReport], only: Collection[str]) -> list[_Shared]:
    found: list[_Shared] = []
    for report in reports:
        for id_, bound in report.outputs.items():
            if not issubclass(bound.plugin.cls, SiteDriver) or (only and id_ not in only):
                continue
            for other in found:
                same_plugin = other.bound.plugin.cls is bound.plugin.cls
                if same_plugin and other.bound.options == bound.options:
                    other.members.append((report, id_))
                    break
            else:
                found.append(_Shared(bound, [(report, id_)]))
    return found


def _publish_one(
    project: Project, shared: _Shared, site: Site, *, dry_run: bool, show: Show | None
) -> OutputResult:
    outputs = tuple(f"{report.id}/{id_}" for report, id_ in shared.members)
    progress = functools.partial(show, outputs) if show else no_progress
    plugin = shared.bound.plugin.name
    target = ""
    try:
        reports = tuple(dict.fromkeys(report.id for report, _ in shared.members))
        driver = driver_of(project, shared.members[0][1], shared.bound, reports, progress)
        assert isinstance(driver, SiteDriver)  # noqa: S101 - see _shared
        target = redact(driver.target, shared.bound.secrets)
        if dry_run:
            plan = tuple(redact(line, shared.secrets) for line in driver.plan(site))
            return OutputResult(outputs, plugin, "planned", target, plan=plan)
        receipt = without_secrets(driver.deploy(site), shared.bound.secrets)
    except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
        message = reason(error, shared.secrets)
        return OutputResult(outputs, plugin, "failed", target, message=message)
    try:
        recorded = _record(project, shared, receipt)
    except ArchiveError as error:
        message = f"it arrived, but that could not be recorded: {error}"
        return OutputResult(
            outputs, plugin, "failed", receipt.target, receipt.details, message=message
        )
    return OutputResult(outputs, plugin, "ok", receipt.target, receipt.details, recorded)


def driver_of(
    project: Project,
    id_: str,
    bound: Bound,
    reports: tuple[str, ...],
    progress: Progress = no_progress,
) -> OutputDriver:
    """Return the driver of an output that some reports name."""
    cls = cast("type[OutputDriver]", bound.plugin.cls)
    folders = (project.folder, _reserved(project))
    return cls(bound.options, OutputContext(id_, *folders, reports, project.browser, progress))


def _reserved(project: Project) -> tuple[Path, ...]:
    storage = project.archive.storage
    archive = (Path(storage.root),) if storage.local else ()
    return (project.content, *archive)


def _record(project: Project, shared: _Shared, receipt: Receipt) -> int:
    """Record the delivery of the sealed editions; return how many were new."""
    sealed = [entry for entry in project.archive.editions() if entry.status == "sealed"]
    recorded = 0
    for report, id_ in shared.members:
        mine = [entry for entry in sealed if entry.report == report.id]
        settled = Settled(project, report.id, id_, receipt.target)
        wanted = [entry for entry in mine if entry not in settled]
        logs = read_logs(project.archive, [(entry.key, id_) for entry in wanted])
        for entry in wanted:
            if logs[entry.key, id_].has(entry.revision, receipt.target):
                continue
            delivery = Delivery(
                output=id_,
                plugin=shared.bound.plugin.name,
                revision=entry.revision,
                time=project.now,
                receipt=receipt,
            )
            add_delivery(project.archive, entry.key, delivery)
            recorded += 1
        settled.remember(mine)
    return recorded


def reason(error: Exception, secrets: Iterable[str]) -> str:
    """Return what an error says, without secrets; a plugin's mistake with its kind."""
    said = str(error) if isinstance(error, KpisiteError) else f"{type(error).__name__}: {error}"
    return redact(said, secrets)


def without_secrets(receipt: Receipt, secrets: Iterable[str]) -> Receipt:
    """Return a receipt that can be recorded."""
    details = {
        name: redact(value, secrets) if isinstance(value, str) else value
        for name, value in receipt.details.items()
    }
    texts = {name: redact(getattr(receipt, name), secrets) for name in ("target", "refused")}
    return receipt.model_copy(update={**texts, "details": details})
