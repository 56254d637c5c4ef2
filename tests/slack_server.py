"""An HTTP server that answers as Slack's Web API does, and checks its limits."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "xoxb-s3cret"
CHANNELS = {"#kpis": "C01", "C02": "C02"}


class SlackServer:
    """Slack's `chat.postMessage` and `chat.update`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.messages: dict[tuple[str, str], dict[str, Any]] = {}
        self.busy = 0
        """How often it answers 429 first."""
        self.refuse: dict[str, str] = {}
        """Channel → error."""
        self.breaks = False
        self.files: dict[str, bytes | None] = {}
        """Id → what was uploaded; None before."""
        self.shown: set[str] = set()
        """Ids of files whose upload is complete."""
        self.not_ready = 0
        """How often a message with a file is refused, as while Slack still works on it."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.busy:
                    outer.busy -= 1
                    return self.reply({"ok": False, "error": "ratelimited"}, 429)
                if self.path.startswith("/upload/"):
                    outer.files[self.path.removeprefix("/upload/")] = body
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                is_form = "form" in self.headers["Content-Type"]
                said = dict(parse_qsl(body.decode())) if is_form else json.loads(body)
                outer.calls.append((self.path, said))
                if outer.breaks:
                    self.connection.close()
                    return None
                return self.reply(outer.answer(self.path, said, self.headers["Authorization"]))

            def reply(self, answer: dict[str, Any], status: int = 200) -> None:
                text = json.dumps(answer).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

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
