"""`kpisite list` and `kpisite show`: what is in the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import say, table
from kpisite.errors import UsageError, nearest
from kpisite.model.words import period_span
from kpisite.pipeline.loading import find_definitions

if TYPE_CHECKING:
    from kpisite.archive.index import Entry
    from kpisite.model.edition import EditionRecord, FrameRecord, ViewRecord
    from kpisite.model.metric import Metric

_HEADLINES = 3
_QUERY_LENGTH = 72


@click.command("list")
@click.argument("report", required=False)
@pass_settings
def list_editions(settings: Settings, report: str | None) -> None:
    """List the editions in the archive, of one report or of all."""
    project = settings.project()
    entries = project.archive.editions()
    if report is not None:
        known = {entry.report for entry in entries}
        known |= {
            path.parent.relative_to(project.content).as_posix()
            for path in find_definitions(project.content)
        }
        if report not in known:
            raise UsageError(f"there is no report '{report}'", hint=nearest(report, known))
        entries = [entry for entry in entries if entry.report == report]
    if not entries:
        say("There are no editions yet.")
        return
    table(
        ("EDITION", "STATUS", "REVISION", "RUN", "METRICS"),
        [
            (e.key, e.status, str(e.revision), f"{e.started:%Y-%m-%d %H:%M %Z}", _headlines(e))
            for e in entries
        ],
    )


@click.command()
@click.argument("edition", metavar="REPORT/PERIOD")
@click.option("--json", "as_json", is_flag=True, help="The whole record, as the archive keeps it.")
@pass_settings
def show(settings: Settings, edition: str, *, as_json: bool) -> None:
    """Show an edition: its metrics, views, frames, and how it was made."""
    archive = settings.project().archive
    report, _, label = edition.rpartition("/")
    found = archive.edition(report, label) if report and label else None
    if found is None:
        keys = [known.key for known in archive.editions()]
        hint = nearest(edition, keys)
        hint = hint if hint.startswith("Did") else "'kpisite list' names all editions."
        raise UsageError(f"there is no edition '{edition}'", hint=hint)
    if as_json:
        say(found.record.model_dump_json(indent=1))
    else:
        _print(found.record)


def _print(record: EditionRecord) -> None:
    say(f"{record.title}: {period_span(record.period.period())}")
    say(f"{record.key}, {record.status}, revision {record.revision}")
    if record.metrics:
        say()
        rows = [_metric_row(metric) for metric in record.metrics.values()]
        table(("METRIC", "VALUE", "CHANGE", "TARGET"), rows)
    say()
    table(("VIEW", "PLUGIN", "STATUS"), [_view_row(view, record) for view in record.views])
    if record.frames:
        say()
        headings = ("DATASOURCE", "PERIOD", "ROWS", "SECONDS", "SHA-256", "QUERY")
        table(headings, [_frame_row(frame) for frame in record.frames])
    say()
    run = record.run
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    say(f"Run {run.started:%Y-%m-%d %H:%M %Z} in {run.seconds:.1f} s with {versions}")
    say(f"Definition {record.definition.digest}")
    if run.reason:
        say(f"Reason: {run.reason}")


def _headlines(entry: Entry) -> str:
    metrics = list(entry.metrics.values())[:_HEADLINES]
    return ", ".join(f"{metric.title} {metric.text}" for metric in metrics)


def _metric_row(metric: Metric) -> tuple[str, ...]:
    sign = {"up": "+", "down": "−", "none": "±"}[metric.change_direction]
    change = f"{sign}{metric.change_text} from {metric.comparison_text}"
    return (
        metric.name,
        metric.text,
        change if metric.change_text else "",
        metric.target_text,
    )


def _view_row(view: ViewRecord, record: EditionRecord) -> tuple[str, ...]:
    status = f"error: {view.error.message}" if view.error else view.status
    return view.id, record.definition.views[view.id].plugin, "; ".join((status, *view.warnings))


def _frame_row(frame: FrameRecord) -> tuple[str, ...]:
    query = " ".join(frame.query.split())
    if len(query) > _QUERY_LENGTH:
        query = f"{query[: _QUERY_LENGTH - 1]}…"
    seconds = f"{frame.seconds:.3f}"
    return frame.datasource, frame.period, f"{frame.rows:,}", seconds, frame.sha256[:12], query
