"""An HTTP server that answers as SendGrid's Mail Send does, and checks what it documents."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from posting_server import Answer, Post, PostingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "SG.s3cret"
LARGEST = 30 * 1024 * 1024
ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type"),
    *("content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc"),
}


class SendGridServer(PostingServer):
    """Takes mails; those that it would send are in `mails`."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.mails: list[dict[str, Any]] = []
        self.verified = {"kpi@example.org"}
        self.largest = LARGEST

    def _answer(self, post: Post) -> Answer:
        if post.headers["Authorization"] != f"Bearer {KEY}":
            return refusal(401, "The provided authorization grant is invalid")
        if post.path != "/v3/mail/send":
            return refusal(404, "not found")
        if len(post.body) > self.largest:
            return refusal(413, "request entity too large")
        try:
            said = json.loads(post.body)
            wrong = list(mistakes(said))
        except (ValueError, KeyError, TypeError) as error:
            wrong = [f"Bad Request: {type(error).__name__} {error}"]
        if wrong:
            return refusal(400, *wrong)
        if said["from"]["email"] not in self.verified:
            return refusal(403, "The from address does not match a verified Sender Identity")
        if said.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Answer(200, "")
        self.mails.append(said)
        return Answer(202, "", (("X-Message-Id", f"id-{len(self.mails)}"),))


def refusal(status: int, *messages: str) -> Answer:
    errors = [{"message": message, "field": None, "help": None} for message in messages]
    return Answer(status, {"errors": errors})


def mistakes(said: dict[str, Any]) -> Iterator[str]:
    """Yield what the page on Mail Send's errors would have."""
    allowed = {
        *("personalizations", "from", "reply_to_list", "subject", "content", "attachments"),
        *("headers", "custom_args", "mail_settings"),
    }
    if unknown := set(said) - allowed:
        yield f"Invalid type. Unknown fields: {sorted(unknown)}"
    people = []
    if not 1 <= len(said["personalizations"]) <= 1000:
        yield "You must have at least one personalization."
    for one in said["personalizations"]:
        if not one.get("to"):
            yield "The to array is required for all personalization objects."
        if any(kind in one and not one[kind] for kind in ("cc", "bcc")):
            yield "The array may not be empty."
        named = [p["email"].lower() for kind in ("to", "cc", "bcc") for p in one.get(kind, ())]
        if len(named) != len(set(named)):
            yield "Each email address in the personalization block should be unique."
        people += named
    if len(people) > 1000:
        yield "There is a limit of 1000 total recipients (to + cc + bcc) per request."
    people += [said["from"]["email"], *(p["email"] for p in said.get("reply_to_list", ()))]
    if not all(map(ADDRESS.fullmatch, people)):
        yield "Does not contain a valid address."
    if not said.get("subject"):
        yield "The subject is required."
    types = [part["type"] for part in said["content"]]
    if types != sorted(types, key=["text/plain", "text/html"].index):
        yield "The content must be text/plain first, followed by text/html."
    if not all(part["value"] for part in said["content"]):
        yield "The content value must be a string at least one character in length."
    yield from mistakes_of_files(said.get("attachments", []))
    if reserved := {name.lower() for name in said.get("headers", {})} & RESERVED:
        yield f"The header {reserved} cannot be used."
    arguments = said.get("custom_args", {})
    if not all(isinstance(value, str) for value in arguments.values()):
        yield "The custom_args must be strings."
    if len(json.dumps(arguments)) > 10_000:
        yield "The custom_args exceed 10,000 bytes."


def mistakes_of_files(files: list[dict[str, str]]) -> Iterator[str]:
    for file in files:
        base64.b64decode(file["content"], validate=True)
        if file["disposition"] == "inline" and not file.get("content_id"):
            yield "An inline attachment needs a content_id."
        if re.search(r"[;,\r\n]", file["type"]):
            yield "The attachment type cannot contain ';', or CRLF characters."
        if not file["filename"]:
            yield "The filename is required."
