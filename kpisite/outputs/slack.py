"""The output driver `slack`: tells a channel of an edition, and mends what it said."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, SecretStr

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._posting import Service
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, Receipt, Variable
from kpisite.plugins.language import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kpisite.plugins import FailureNotice

_HEADER, _SECTION, _FIELDS, _BLOCKS = 150, 3_000, 10, 50
"""Slack's limits: characters of a header and of a section, fields of a section, blocks."""
_HINTS = {
    "channel_not_found": "Check 'channels'. A private channel must have invited the app.",
    "not_in_channel": "Invite the app to the channel: /invite @name.",
    "is_archived": "The channel is archived: name another one.",
    "invalid_auth": "Check 'api_token'.",
    "not_authed": "Check 'api_token': is its variable set?",
    "token_revoked": "The token was revoked: make a new one.",
    "missing_scope": "The app needs the scope chat:write.",
}


class Slack(EditionDriver):
    """Posts an edition's KPIs to channels; a revision changes the message that was posted."""

    class Options(EditionOptions):
        """Which channels, and who posts there."""

        api_token: Annotated[SecretStr, Variable("SLACK_API_TOKEN")]
        """Token of the app, `xoxb-…`, with the scope `chat:write`; by default `SLACK_API_TOKEN`."""
        channels: tuple[str, ...] = Field(min_length=1)
        """Ids or names of channels: `C0123456789`, `#kpis`."""
        notify_on_error: tuple[str, ...] = ()
        """Channels that are told where an edition does not go out, because a view of it failed."""
        api_url: str = Field(default="https://slack.com/api", pattern=r"^https?://\S+$")
        """Where Slack's Web API is."""
        timeout: float = Field(default=30, gt=0)
        """Seconds to wait for a connection, and then for an answer."""
        attempts: int = Field(default=4, ge=1, le=10)
        """How often Slack is asked while it is busy or down."""

    options: Options

    @property
    def target(self) -> str:
        """The channels."""
        return f"Slack {', '.join(self.options.channels)}"

    def plan(self, announcement: Announcement) -> Sequence[str]:
        """Return what would be posted where, and how large it is."""
        size = len(json.dumps(_message(announcement), ensure_ascii=False).encode())
        return [
            f"{'change the message in' if known else 'post to'} {channel}, {size:,} B: "
            f"{announcement.text[:200]}"
            for channel, known in self._places(announcement)
        ]

    def deliver(self, announcement: Announcement) -> Receipt:
        """Post an edition to each channel.

        Raises:
            UnclearDeliveryError: Nobody knows, or some channels have it and others have not.
            OutputError: No channel has it.
        """
        return self._say(_message(announcement), self._places(announcement), self.target)

    @property
    def owners(self) -> str:
        """The channels in `notify_on_error`."""
        return f"Slack {', '.join(channels)}" if (channels := self.options.notify_on_error) else ""

    def notify(self, notice: FailureNotice) -> Receipt:
        """Post to the owners' channels that an edition does not go out; see `deliver`."""
        text = {"type": "plain_text", "text": _cut(notice.text, _SECTION)}
        header = {"type": "plain_text", "text": _cut(notice.subject, _HEADER)}
        message = {
            "text": _cut(_escaped(notice.subject), _SECTION),
            "blocks": [{"type": "header", "text": header}, {"type": "section", "text": text}],
            "unfurl_links": False,
        }
        places = ((channel, "") for channel in self.options.notify_on_error)
        return self._say(message, places, self.owners)

    def _say(
        self, message: Mapping[str, Any], places: Iterable[tuple[str, str]], target: str
    ) -> Receipt:
        told: dict[str, str | int] = {}
        for channel, known in places:
            try:
                answer = self._call(channel, known, message)
            except OutputError as error:
                if not told:
                    raise
                raise UnclearDeliveryError(
                    f"{', '.join(told)} has it, but {error}",
                    hint="Resending would post it again where it is: mend it and say --arrived.",
                ) from error
            told[channel] = f"{answer['channel']} {answer['ts']}"
        body = json.dumps(message, ensure_ascii=False).encode()
        return Receipt(target=target, digest=hashlib.sha256(body).hexdigest(), details=told)

    def _places(self, announcement: Announcement) -> Iterator[tuple[str, str]]:
        """Yield each channel, with the id and the time of the message that a revision changes."""
        before = announcement.before.details if announcement.before else {}
        for channel in self.options.channels:
            yield channel, str(before.get(channel, ""))

    def _call(self, channel: str, known: str, message: Mapping[str, Any]) -> dict[str, Any]:
        place: dict[str, Any] = {"channel": channel}
        if known:
            place["channel"], _, place["ts"] = known.partition(" ")
        service = Service(self.options.api_url, self.options.timeout, self.options.attempts)
        answer = service.post(
            "/chat.update" if known else "/chat.postMessage",
            json.dumps({**place, **message}, ensure_ascii=False).encode(),
            {
                "Authorization": f"Bearer {self.options.api_token.get_secret_value()}",
                "Content-Type": "application/json; charset=utf-8",
            },
        )
        try:
            said = answer.json()
        except ValueError as error:
            raise UnclearDeliveryError(
                f"{service.host} answered something else than JSON", hint="Look into the channel."
            ) from error
        if not said.get("ok"):
            code = str(said.get("error", "no reason"))
            raise OutputError(
                f"Slack refuses the message to {channel}: {code}",
                hint=_HINTS.get(code, "See Slack's page on chat.postMessage."),
            )
        return dict(said)


def _message(announcement: Announcement) -> dict[str, Any]:
    """Return a message: its text is for notifications and for those who cannot see blocks."""
    title = announcement.title
    if announcement.is_revision:
        title = gettext("Revised: {title}").format(title=title)
    metrics = announcement.document["metrics"]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, _HEADER)}},
        {"type": "context", "elements": [_markdown(_words(announcement))]},
    ]
    for start in range(0, len(metrics), _FIELDS):
        fields = [_markdown(_kpi(metric)) for metric in metrics[start : start + _FIELDS]]
        blocks.append({"type": "section", "fields": fields})
    blocks = blocks[: _BLOCKS - 1]
    if announcement.url:
        link = {"type": "plain_text", "text": gettext("Charts and tables")}
        button = {"type": "button", "text": link, "url": announcement.url}
        blocks.append({"type": "actions", "elements": [button]})
    return {
        "text": _cut(_escaped(f"{title}: {announcement.text}"), _SECTION),
        "blocks": blocks,
        "unfurl_links": False,
    }


def _words(announcement: Announcement) -> str:
    period = announcement.document["period"]
    parts = [announcement.period]
    if period["span"] != announcement.period:
        parts.append(period["span"])
    return _escaped(" · ".join(parts))


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


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": _cut(text, 2_000)}


def _escaped(text: str) -> str:
    """Return a text in which Slack finds no link, no mention and no formatting."""
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(mark, entity)
    for mark in "*_~`":
        text = text.replace(mark, f"\u200b{mark}\u200b")
    return text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
