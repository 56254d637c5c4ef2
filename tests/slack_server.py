"""An HTTP server that answers as Slack's Web API does, and checks its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from posting_server import Answer, PostingServer

if TYPE_CHECKING:
    from posting_server import Post

TOKEN = "xoxb-s3cret"
CHANNELS = {"#kpis": "C01", "C02": "C02"}
_UPLOAD = "/upload/"


class SlackServer:
    """Slack's methods for messages and for files."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, str], dict[str, Any]] = {}
        self.refuse: dict[str, str] = {}
        """Channel, or `files`, → error."""
        self.files: dict[str, bytes | None] = {}
        """Id → what was uploaded; None before."""
        self.shown: set[str] = set()
        """Ids of files whose upload is complete."""
        self.not_ready = 0
        """How often a message with a file is refused, as while Slack still works on it."""
        self.server = PostingServer(self._answer)
        self.url = f"{self.server.url}/api"

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Path and arguments of what was called, without the uploads."""
        return [
            (post.path, _said(post))
            for post in self.server.posts
            if not post.path.startswith(_UPLOAD)
        ]

    def close(self) -> None:
        self.server.close()

    def _answer(self, post: Post) -> Answer:
        if post.path.startswith(_UPLOAD):
            self.files[post.path.removeprefix(_UPLOAD)] = post.body
            return Answer()
        return Answer(200, self.answer(post.path, _said(post), post.headers["Authorization"]))

    def answer(self, path: str, said: dict[str, Any], authorization: str) -> dict[str, Any]:
        if authorization != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if "/files." in path:
            return self.answer_files(path, said)
        channel = said["channel"]
        if channel in self.refuse:
            return {"ok": False, "error": self.refuse[channel]}
        files = [b["slack_file"]["id"] for b in said["blocks"] if "slack_file" in b]
        if files and self.not_ready:
            self.not_ready -= 1
            return {"ok": False, "error": "invalid_blocks"}
        if not within_limits(said) or not self.shown.issuperset(files):
            return {"ok": False, "error": "invalid_blocks"}
        if path == "/api/chat.update":
            if (channel, said["ts"]) not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            self.messages[channel, said["ts"]] = said
            return {"ok": True, "channel": channel, "ts": said["ts"]}
        if channel not in CHANNELS:
            return {"ok": False, "error": "channel_not_found"}
        ts = f"1{len(self.messages)}.0"
        self.messages[CHANNELS[channel], ts] = said
        return {"ok": True, "channel": CHANNELS[channel], "ts": ts}

    def answer_files(self, path: str, said: dict[str, Any]) -> dict[str, Any]:
        if "files" in self.refuse:
            return {"ok": False, "error": self.refuse["files"]}
        if path == "/api/files.getUploadURLExternal":
            id_ = f"F{len(self.files)}-{said['length']}"
            self.files[id_] = None
            url = self.url.removesuffix("/api")
            return {"ok": True, "file_id": id_, "upload_url": f"{url}/upload/{id_}"}
        for id_ in (file["id"] for file in said["files"]):
            assert len(self.files[id_] or b"") == int(id_.partition("-")[2])
            self.shown.add(id_)
        return {"ok": True, "files": said["files"]}


def _said(post: Post) -> dict[str, Any]:
    if "form" in post.headers["Content-Type"]:
        return dict(parse_qsl(post.body.decode()))
    said: dict[str, Any] = post.json
    return said


def within_limits(said: dict[str, Any]) -> bool:
    """Tell whether a message keeps the limits that Slack documents for its blocks."""
    blocks = said["blocks"]
    fields = [field for block in blocks for field in block.get("fields", ())]
    headers = [block["text"]["text"] for block in blocks if block["type"] == "header"]
    sections = [
        block["text"]["text"] for block in blocks if block["type"] == "section" and "text" in block
    ]
    return (
        len(blocks) <= 50
        and len(said["text"]) <= 3_000
        and all(len(block.get("fields", ())) <= 10 for block in blocks)
        and all(0 < len(field["text"]) <= 2_000 for field in fields)
        and all(0 < len(header) <= 150 for header in headers)
        and all(len(text) <= 3_000 for text in sections)
        and all(0 < len(block["alt_text"]) <= 2_000 for block in blocks if "alt_text" in block)
    )
