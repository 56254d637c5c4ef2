"""The output driver `slack`: tells a channel of an edition, and mends what it said."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._retries import retrying
from kpisite.outputs._slack_api import InvalidBlocksError, SlackApi
from kpisite.outputs._slack_message import message, notice_message
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, Receipt, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kpisite.plugins import FailureNotice, Picture, ShownBlock

_READY = 6
"""How often a message is posted until Slack has worked its pictures."""


class Slack(EditionDriver):
    """Posts an edition's KPIs and views; a revision changes the message that was posted."""

    class Options(EditionOptions):
        """Which channels, and who posts there."""

        api_token: Annotated[SecretStr, Variable("SLACK_API_TOKEN")]
        """Token of the app, `xoxb-…`, with the scopes `chat:write` and, to upload pictures,
        `files:write`; by default `SLACK_API_TOKEN`."""
        channels: tuple[str, ...] = Field(min_length=1)
        """Ids or names of channels: `C0123456789`, `#kpis`."""
        notify_on_error: tuple[str, ...] = ()
        """Channels that are told where an edition does not go out, because a view of it failed."""
        images: Literal["upload", "preview", "none"] = "upload"
        """`upload`: charts and other pictures of views; `preview`: the edition's preview picture
        by its address, which Slack must be able to open."""
        image_remote_base_url: str = ""
        """KPI Reporter's address of pictures; here Slack gets them as `images` says."""
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
        """Return what would be posted where and uploaded, and how large it is."""
        views = _views(announcement)
        pictures = self._pictures(views)
        said = self._message(announcement, views, {picture.name: "" for picture in pictures})
        return [
            *(
                f"{'change the message in' if known else 'post to'} {channel}, "
                f"{len(_bytes(said)):,} B: {announcement.text[:200]}"
                for channel, known in self._places(announcement)
            ),
            *(f"upload {picture.name}, {len(picture.data):,} B" for picture in pictures),
        ]

    def deliver(self, announcement: Announcement) -> Receipt:
        """Post an edition to each channel.

        Raises:
            UnclearDeliveryError: Nobody knows, or some channels have it and others have not.
            OutputError: No channel has it.
        """
        api, views = self._api(), _views(announcement)
        said = self._message(announcement, views, api.upload(self._pictures(views)))
        return _say(api, said, self._places(announcement), self.target)

    @property
    def owners(self) -> str:
        """The channels in `notify_on_error`."""
        return f"Slack {', '.join(channels)}" if (channels := self.options.notify_on_error) else ""

    def notify(self, notice: FailureNotice) -> Receipt:
        """Post to the owners' channels that an edition does not go out; see `deliver`."""
        places = ((channel, "") for channel in self.options.notify_on_error)
        return _say(self._api(), notice_message(notice), places, self.owners)

    def _api(self) -> SlackApi:
        options = self.options
        token = options.api_token.get_secret_value()
        return SlackApi(options.api_url, token, options.timeout, options.attempts)

    def _message(
        self, announcement: Announcement, views: Sequence[ShownBlock], files: Mapping[str, str]
    ) -> dict[str, Any]:
        preview = announcement.preview_url if self.options.images == "preview" else ""
        return message(announcement, views, files, preview)

    def _places(self, announcement: Announcement) -> Iterator[tuple[str, str]]:
        """Yield each channel, with the id and the time of the message that a revision changes."""
        before = announcement.before.details if announcement.before else {}
        for channel in self.options.channels:
            yield channel, str(before.get(channel, ""))

    def _pictures(self, views: Sequence[ShownBlock]) -> list[Picture]:
        if self.options.images != "upload":
            return []
        return [picture for view in views for picture in view.pictures]


def _views(announcement: Announcement) -> list[ShownBlock]:
    """Return the views that a message shows: the numbers of KPIs are all of theirs."""
    blocks = announcement.content.blocks() if announcement.content else []
    return [block for block in blocks if not (block.is_kpi and block.metrics)]


def _say(
    api: SlackApi, said: Mapping[str, Any], places: Iterable[tuple[str, str]], target: str
) -> Receipt:
    """Post a message in each place, or change the one that is there."""
    told: dict[str, str | int] = {}
    for channel, known in places:
        try:
            told[channel] = _tell(api, channel, known, said)
        except OutputError as error:
            if not told:
                raise
            raise UnclearDeliveryError(
                f"{', '.join(told)} has it, but {error}",
                hint="Resending would post it again where it is: mend it and say --arrived.",
            ) from error
    digest = hashlib.sha256(_bytes(said)).hexdigest()
    return Receipt(target=target, digest=digest, details=told)


def _tell(api: SlackApi, channel: str, known: str, said: Mapping[str, Any]) -> str:
    """Post a message, again while a picture may not be ready, and at last without pictures."""
    images = [block for block in said["blocks"] if block["type"] == "image"]
    if not images:
        return api.tell(channel, known, said)
    again = retrying(_READY, lambda error: isinstance(error, InvalidBlocksError))
    try:
        return again(api.tell, channel, known, said)
    except InvalidBlocksError:
        blocks = [block for block in said["blocks"] if block not in images]
        return api.tell(channel, known, {**said, "blocks": blocks})


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode()
