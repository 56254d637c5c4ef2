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


_UNCLEAR = ("internal_error", "fatal_error")
"""Slack says of them that a part of what was asked may have been done."""
_FIXED = ("message_not_found", "cant_update_message", "edit_window_closed")
"""The message is gone, or may not be changed any more."""


class InvalidBlocksError(OutputError):
    """Slack does not take the blocks: a file of them may not be ready yet."""


class FixedMessageError(OutputError):
    """A message cannot be changed any more."""


_KINDS = {"invalid_blocks": InvalidBlocksError, **dict.fromkeys(_FIXED, FixedMessageError)}


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

        One that cannot be changed any more is posted anew.

        Args:
            channel: Id or name.
            known: Channel and time of the message that is changed; "" to post one.
            message: With its blocks.

        Raises:
            UnclearDeliveryError: The connection broke after it was sent, or Slack says neither
                that it is there nor that it is not.
            InvalidBlocksError: The blocks are not taken.
            OutputError: It is not there.
        """
        place: dict[str, Any] = {"channel": channel}
        if known:
            place["channel"], _, place["ts"] = known.partition(" ")
        body = json.dumps({**place, **message}, ensure_ascii=False).encode()
        method = "chat.update" if known else "chat.postMessage"
        what, keys = f"the message to {channel}", ("channel", "ts")
        try:
            answer = self._call(method, body, _JSON, what, "chat:write", keys)
        except FixedMessageError:
            if not known:
                raise
            return self.tell(channel, "", message)
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
        form = urlencode(facts).encode()
        keys = ("file_id", "upload_url")
        place = self._call_unseen("files.getUploadURLExternal", form, _FORM, keys)
        service = Service(place["upload_url"], self.timeout, self.attempts)
        try:
            service.post("", picture.data, {"Content-Type": picture.mime})
        except UnclearDeliveryError as error:
            raise _not_uploaded(error) from error
        return str(place["file_id"])

    def _call_unseen(
        self, method: str, body: bytes, mime: str, keys: Sequence[str] = ()
    ) -> dict[str, Any]:
        try:
            return self._call(method, body, mime, "a picture", "files:write", keys)
        except UnclearDeliveryError as error:
            raise _not_uploaded(error) from error

    def _call(
        self, method: str, body: bytes, mime: str, what: str, scope: str, keys: Sequence[str]
    ) -> dict[str, Any]:
        """Call a method; return an answer that has all keys."""
        service = Service(self.url, self.timeout, self.attempts)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": mime}
        answer = service.post(f"/{method}", body, headers)
        try:
            said = dict(answer.json())
        except (ValueError, TypeError) as error:
            raise _unclear(f"{service.host} answered something else than JSON") from error
        if said.get("ok") and all(key in said for key in keys):
            return said
        code = str(said.get("error", ""))
        if not code or code in _UNCLEAR:
            raise _unclear(f"{service.host} answered neither yes nor no: {code or 'no reason'}")
        kind = _KINDS.get(code, OutputError)
        raise kind(f"Slack refuses {what}: {code}", hint=_hint(code, method, scope))


def _hint(code: str, method: str, scope: str) -> str:
    if code == "missing_scope":
        instead = " Without it, set 'images: none'." if scope.startswith("files") else ""
        return f"The app needs the scope {scope}.{instead}"
    return _HINTS.get(code, f"See Slack's page on {method}.")


def _unclear(message: str) -> UnclearDeliveryError:
    return UnclearDeliveryError(message, hint="Look into the channel.")


def _not_uploaded(error: OutputError) -> OutputError:
    """Return that nothing was posted, for an upload of which nobody knows whether it arrived."""
    said = error.message.partition(": it may have")[0]
    return OutputError(
        f"{said}, while a picture was uploaded", hint="Nothing was posted. Publish again."
    )
