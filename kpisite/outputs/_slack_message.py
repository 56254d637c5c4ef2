"""An edition as a message of Slack: blocks within its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpisite.model.words import status_text, verdict_text
from kpisite.outputs._slack_text import address, cut, escaped, first_lines
from kpisite.plugins.language import gettext, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kpisite.plugins import Announcement, FailureNotice, ShownBlock

_HEADER, _SECTION, _FIELD, _FIELDS, _BLOCKS, _ALT = 150, 3_000, 2_000, 10, 50, 2_000
"""Slack's limits: characters of a header, a section, a field; fields of a section; blocks of a
message; characters that say what a picture shows."""
_CHARACTERS = 12_000
"""Of all blocks: Slack refuses what is much longer and does not say where it begins."""
_TITLE, _NOTE = 150, 500
"""Characters of a view's title, and of what else stands in one paragraph."""


@dataclass(frozen=True)
class _Part:
    """What is shown whole, or only named."""

    titles: Sequence[str]
    blocks: Sequence[Mapping[str, Any]]


def message(
    announcement: Announcement,
    views: Sequence[ShownBlock],
    files: Mapping[str, str],
    preview: str,
) -> dict[str, Any]:
    """Return a message: its text is for notifications and for those who cannot see blocks.

    Args:
        announcement: The edition.
        views: Those that are shown beside the KPIs.
        files: Name of a picture → id of the file at Slack; others are not shown.
        preview: Address of a picture of the whole edition; "" for none.
    """
    title = announcement.title
    if announcement.is_revision:
        title = gettext("Revised: {title}").format(title=title)
    first = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(title, _HEADER)}},
        _context(_about(announcement)),
        *(_section(escaped(text)) for text in _notes(announcement)),
    ]
    if preview:
        first.append(_image(title, image_url=preview))
    parts = [*_kpis(announcement, views), *(_view(view, files) for view in views)]
    return {
        "text": cut(escaped(f"{title}: {announcement.text}"), _SECTION),
        "blocks": _as_many_as_fit(first, parts, _last(announcement)),
        "unfurl_links": False,
    }


def notice_message(notice: FailureNotice) -> dict[str, Any]:
    """Return the message that an edition does not go out."""
    text = {"type": "plain_text", "text": cut(notice.text, _SECTION)}
    header = {"type": "plain_text", "text": cut(notice.subject, _HEADER)}
    return {
        "text": cut(escaped(notice.subject), _SECTION),
        "blocks": [{"type": "header", "text": header}, {"type": "section", "text": text}],
        "unfurl_links": False,
    }


def _as_many_as_fit(
    first: Sequence[Mapping[str, Any]], parts: Iterable[_Part], last: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the blocks of a message; parts that have no room are named at its end."""
    blocks, others = list(first), list[str]()
    most = _BLOCKS - len(last) - 1
    for part in parts:
        more = [*blocks, *part.blocks]
        if others or len(more) > most or _length(more) > _CHARACTERS:
            others += part.titles
        else:
            blocks = more
    if others:
        named = f"{gettext('More on the page')}: {', '.join(others)}"
        blocks.append(_context(escaped(cut(named, _NOTE))))
    return [*blocks, *last]


def _about(announcement: Announcement) -> str:
    """Return what the page says below its title: period, status, up to when there are data."""
    document = announcement.document
    status = status_text(announcement.status)
    if announcement.revision > 1:
        status += f", {status_text('revised')}"
    parts = [
        announcement.period,
        document["period"]["span"],
        status,
        gettext("data until {moment}").format(moment=document["data_until"]),
        document["zone"],
    ]
    return escaped(" · ".join(dict.fromkeys(parts)))


def _notes(announcement: Announcement) -> Iterator[str]:
    """Yield what the page says above its views."""
    document = announcement.document
    if announcement.revision > 1:
        changed = [
            gettext("{title}: was {was}, now {now}").format_map(one) for one in document["changed"]
        ]
        said = "; ".join(changed) or gettext("no metric changed")
        yield f"{gettext('These numbers were revised.')} {cut(said, _NOTE)}."
        if document["reason"]:
            said = gettext("Reason: {reason}").format(reason=document["reason"])
            yield cut(said, _NOTE)
    if document["description"]:
        yield cut(document["description"], _NOTE)
    failed = [view["title"] for view in document["views"] if view["status"] == "error"]
    if failed:
        text = ngettext(
            "{count} view could not be made: {what}",
            "{count} views could not be made: {what}",
            len(failed),
        )
        yield cut(text.format(count=len(failed), what=", ".join(failed)), _NOTE)


def _kpis(announcement: Announcement, views: Sequence[ShownBlock]) -> Iterator[_Part]:
    """Yield all numbers; with the descriptions of views that say nothing else."""
    document = announcement.document
    shown = {view.id for view in views}
    described = {v["id"]: v["description"] for v in document["views"] if v["id"] not in shown}
    metrics = document["metrics"]
    for start in range(0, len(metrics), _FIELDS):
        some = metrics[start : start + _FIELDS]
        fields = [
            _markdown(_kpi(metric, described.get(metric["name"].partition("/")[0], "")))
            for metric in some
        ]
        yield _Part([m["title"] for m in some], [{"type": "section", "fields": fields}])


def _kpi(metric: Mapping[str, Any], description: str) -> str:
    """Return `*On-time departures*`, the value, and its change and target below."""
    heading = _heading(metric["title"], description)
    lines = [heading, escaped(cut(metric["text"], _NOTE))]
    if metric["change_text"]:
        lines.append(escaped(_moved(metric)))
    if metric["target_text"]:
        mark = "✓" if metric["target_met"] else "✗"
        lines.append(f"{mark} {escaped(metric['target_text'])}")
    return "\n".join(lines)


def _moved(metric: Mapping[str, Any]) -> str:
    """Return `▲ 4.1 points vs week 5, better`."""
    arrow = {"up": "▲", "down": "▼"}.get(metric["change_direction"], "")
    moved = f"{arrow} {metric['change_text']}" if arrow else gettext("no change")
    if metric["comparison_title"]:
        moved += " " + gettext("vs {period}").format(period=metric["comparison_title"])
    verdict = verdict_text(metric["change_verdict"])
    return f"{moved}, {verdict}" if verdict else moved


def _view(view: ShownBlock, files: Mapping[str, str]) -> _Part:
    """Return a view's title and description, what it says, and its pictures."""
    name = view.title or view.id
    said = first_lines(view.text)
    if view.error:
        said = escaped(f"✗ {gettext('This view could not be made.')} {cut(view.error, _NOTE)}")
    pictures = [
        _image(picture.alt or name, slack_file={"id": files[picture.name]})
        for picture in view.pictures
        if picture.name in files
    ]
    heading = _heading(name, view.description, view.url)
    return _Part([name], [_section(f"{heading}\n{said}"), *pictures])


def _heading(title: str, description: str, url: str = "") -> str:
    """Return `*On-time departures*`, which leads to its page, and what is said beside it."""
    name = escaped(cut(title, _TITLE))
    name = f"*<{address(url)}|{name}>*" if url else f"*{name}*"
    return f"{name} {escaped(cut(' '.join(description.split()), _NOTE))}".rstrip()


def _last(announcement: Announcement) -> list[dict[str, Any]]:
    """Return the button that leads to the page, and where the numbers come from."""
    provenance = _context(escaped(cut(announcement.document["provenance"], _NOTE)))
    if not announcement.url:
        return [provenance]
    link = {"type": "plain_text", "text": gettext("Charts and tables")}
    button = {"type": "button", "text": link, "url": announcement.url}
    return [{"type": "actions", "elements": [button]}, provenance]


def _length(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Return how many characters of text blocks have."""
    return sum(
        len(block.get("text", {}).get("text", ""))
        + sum(len(field["text"]) for field in block.get("fields", ()))
        for block in blocks
    )


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_markdown(text)]}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _markdown(text.strip(), _SECTION)}


def _image(alt: str, **source: object) -> dict[str, Any]:
    return {"type": "image", "alt_text": cut(alt, _ALT), **source}


def _markdown(text: str, most: int = _FIELD) -> dict[str, str]:
    return {"type": "mrkdwn", "text": cut(text, most)}
