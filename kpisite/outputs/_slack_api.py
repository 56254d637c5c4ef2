"""Slack's Web API: messages that are posted or changed, and files that are uploaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._posting import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.plugins import Picture

_HINTS = {
    "channel_not_found": "Check 'channels'. A private channel must have invited the app.",
    "not_in_channel": "Invite the app to the channel: /invite @name.",
    "is_archived": "The channel is archived: name another one.",
    "invalid_auth": "Check 'api_token'.",
    "not_authed": "Check 'api_token': is its variable set?",
    "token_revoked": "The token was revoked: make a new one.",
}
_JSON = "application/json; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"


class InvalidBlocksError(OutputError):
    """Slack does not take the blocks: a file of them may not be ready yet."""


@dataclass(frozen=True)
class SlackApi:
    """Slack, as an app with a token sees it."""

    url: str
    token: str
    timeout: float
    """Seconds to wait for a connection, and then for an answer."""
    attempts: int
    """How often Slack is asked while it is busy or down."""

    def tell(self, channel: str, known: str, message: Mapping[str, Any]) -> str:
        """Post a message to a channel, or change one; return its channel and time.

        Args:
            channel: Id or name.
            known: Channel and time of the message that is changed; "" to post one.
            message: With its blocks.

        Raises:
            UnclearDeliveryError: The connection broke after it was sent.
            InvalidBlocksError: The blocks are not taken.
            OutputError: It is not there.
        """
        place: dict[str, Any] = {"channel": channel}
        if known:
            place["channel"], _, place["ts"] = known.partition(" ")
        body = json.dumps({**place, **message}, ensure_ascii=False).encode()
        method = "chat.update" if known else "chat.postMessage"
        answer = self._call(method, body, _JSON, f"the message to {channel}", "chat:write")
        return f"{answer['channel']} {answer['ts']}"

    def upload(self, pictures: Sequence[Picture]) -> dict[str, str]:
        """Upload pictures that only a message shows; return their names and ids.

        Raises:
            OutputError: A picture is not there. Nobody has seen anything.
        """
        ids = {picture.name: self._upload(picture) for picture in pictures}
        if ids:
            files = [{"id": id_, "title": name} for name, id_ in ids.items()]
            body = json.dumps({"files": files}).encode()
            self._call_unseen("files.completeUploadExternal", body, _JSON)
        return ids

    def _upload(self, picture: Picture) -> str:
        facts = {"filename": picture.name, "length": len(picture.data), "alt_txt": picture.alt}
        place = self._call_unseen("files.getUploadURLExternal", urlencode(facts).encode(), _FORM)
        service = Service(place["upload_url"], self.timeout, self.attempts)
        try:
            service.post("", picture.data, {"Content-Type": picture.mime})
        except UnclearDeliveryError as error:
            raise _not_uploaded(error) from error
        return str(place["file_id"])

    def _call_unseen(self, method: str, body: bytes, mime: str) -> dict[str, Any]:
        try:
            return self._call(method, body, mime, "a picture", "files:write")
        except UnclearDeliveryError as error:
            raise _not_uploaded(error) from error

    def _call(self, method: str, body: bytes, mime: str, what: str, scope: str) -> dict[str, Any]:
        service = Service(self.url, self.timeout, self.attempts)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": mime}
        answer = service.post(f"/{method}", body, headers)
        try:
            said = answer.json()
        except ValueError as error:
            raise UnclearDeliveryError(
                f"{service.host} answered something else than JSON", hint="Look into the channel."
            ) from error
        if said.get("ok"):
            return dict(said)
        code = str(said.get("error", "no reason"))
        kind = InvalidBlocksError if code == "invalid_blocks" else OutputError
        raise kind(f"Slack refuses {what}: {code}", hint=_hint(code, method, scope))


def _hint(code: str, method: str, scope: str) -> str:
    if code == "missing_scope":
        instead = " Without it, set 'images: none'." if scope.startswith("files") else ""
        return f"The app needs the scope {scope}.{instead}"
    return _HINTS.get(code, f"See Slack's page on {method}.")


def _not_uploaded(error: OutputError) -> OutputError:
    """Return that nothing was posted, for an upload of which nobody knows whether it arrived."""
    said = error.message.partition(": it may have")[0]
    return OutputError(
        f"{said}, while a picture was uploaded", hint="Nothing was posted. Publish again."
    )
