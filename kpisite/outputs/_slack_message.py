"""An edition as a message of Slack: blocks within its limits, texts in which data is text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.plugins.language import gettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kpisite.plugins import Announcement, FailureNotice, ShownBlock

_HEADER, _SECTION, _FIELD, _FIELDS, _BLOCKS, _ALT = 150, 3_000, 2_000, 10, 50, 2_000
"""Slack's limits: characters of a header, a section, a field; fields of a section; blocks of a
message; characters that say what a picture shows."""
_CHARACTERS = 12_000
"""Of all blocks: Slack refuses what is much longer and does not say where it begins."""
_LINES, _WIDTH = 12, 1_500
"""Of a view's text: the page has all of it."""


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
    last = _button(announcement)
    most = _BLOCKS - len(last)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, _HEADER)}},
        {"type": "context", "elements": [_markdown(_words(announcement))]},
    ]
    if preview:
        blocks.append(_image(title, image_url=preview))
    blocks = [*blocks, *_kpis(announcement)][:most]
    for view in views:
        more = list(_view(view, files))
        if len(blocks) + len(more) > most or _length([*blocks, *more]) > _CHARACTERS:
            break
        blocks += more
    return {
        "text": _cut(_escaped(f"{title}: {announcement.text}"), _SECTION),
        "blocks": [*blocks, *last],
        "unfurl_links": False,
    }


def notice_message(notice: FailureNotice) -> dict[str, Any]:
    """Return the message that an edition does not go out."""
    text = {"type": "plain_text", "text": _cut(notice.text, _SECTION)}
    header = {"type": "plain_text", "text": _cut(notice.subject, _HEADER)}
    return {
        "text": _cut(_escaped(notice.subject), _SECTION),
        "blocks": [{"type": "header", "text": header}, {"type": "section", "text": text}],
        "unfurl_links": False,
    }


def _words(announcement: Announcement) -> str:
    period = announcement.document["period"]
    parts = [announcement.period]
    if period["span"] != announcement.period:
        parts.append(period["span"])
    return _escaped(" · ".join(parts))


def _kpis(announcement: Announcement) -> Iterator[dict[str, Any]]:
    metrics = announcement.document["metrics"]
    for start in range(0, len(metrics), _FIELDS):
        fields = [_markdown(_kpi(metric)) for metric in metrics[start : start + _FIELDS]]
        yield {"type": "section", "fields": fields}


def _kpi(metric: Mapping[str, Any]) -> str:
    """Return `*On-time departures*`, the value, and its change and target below."""
    arrow = {"up": "▲", "down": "▼"}.get(metric["change_direction"], "")
    lines = [f"*{_escaped(metric['title'])}*", f"{_escaped(metric['text'])}"]
    if metric["change_text"]:
        moved = f"{arrow} {metric['change_text']}" if arrow else gettext("no change")
        if metric["comparison_title"]:
            moved += " " + gettext("vs {period}").format(period=metric["comparison_title"])
        lines.append(_escaped(moved))
    if metric["target_text"]:
        mark = "✓" if metric["target_met"] else "!"
        lines.append(f"{mark} {_escaped(metric['target_text'])}")
    return "\n".join(lines)


def _view(view: ShownBlock, files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield a view's title and description, and its pictures or what it says."""
    title = _escaped(view.title or view.id)
    heading = f"*<{_address(view.url)}|{title}>*" if view.url else f"*{title}*"
    heading = f"{heading} {_escaped(' '.join(view.description.split()))}".rstrip()
    shown = [picture for picture in view.pictures if picture.name in files]
    said = "" if shown else _said(view)
    yield {"type": "section", "text": _markdown(f"{heading}\n{said}".strip(), _SECTION)}
    for picture in shown:
        words = picture.alt or view.title or view.id
        yield _image(words, slack_file={"id": files[picture.name]})


def _image(alt: str, **source: object) -> dict[str, Any]:
    return {"type": "image", "alt_text": _cut(alt, _ALT), **source}


def _said(view: ShownBlock) -> str:
    """Return the first lines of what a view says; tables keep their columns."""
    if view.error:
        return _escaped(f"! {view.error}")
    lines = view.text.strip("\n").splitlines()
    text = _cut("\n".join(lines[:_LINES]), _WIDTH)
    if len(lines) > _LINES:
        text += "\n…"
    if "<table" not in view.html:
        return _escaped(text)
    return f"```\n{_entities(text).replace('`', chr(0x2CB))}\n```" if text else ""


def _button(announcement: Announcement) -> list[dict[str, Any]]:
    if not announcement.url:
        return []
    link = {"type": "plain_text", "text": gettext("Charts and tables")}
    button = {"type": "button", "text": link, "url": announcement.url}
    return [{"type": "actions", "elements": [button]}]


def _length(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Return how many characters of text blocks have."""
    return sum(
        len(block.get("text", {}).get("text", ""))
        + sum(len(field["text"]) for field in block.get("fields", ()))
        for block in blocks
    )


def _markdown(text: str, most: int = _FIELD) -> dict[str, str]:
    return {"type": "mrkdwn", "text": _cut(text, most)}


def _escaped(text: str) -> str:
    """Return a text in which Slack finds no link, no mention and no formatting."""
    text = _entities(text)
    for mark in "*_~`":
        text = text.replace(mark, f"\u200b{mark}\u200b")
    return text


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _address(url: str) -> str:
    """Return an address that ends where it ends, in a link."""
    return _entities(url).replace("|", "%7C")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
