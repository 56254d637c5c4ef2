"""The answer of an HTTP service, read to its end."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character, or the whole of one: JSON may write both."""
_MESSAGES = ("message", "error_description", "detail", "error", "title")
"""Where services put what they say of an error."""


@dataclass(frozen=True)
class Answer:
    """What came."""

    status: int
    headers: Mapping[str, str]
    """Found in any spelling."""
    body: bytes
    """Unpacked."""
    place: str
    """Scheme, host, port and path that answered: fit for messages."""
    url: str
    """The whole address, which may hold secrets."""
    clean: Callable[[str], str] = str
    """Takes the client's secrets out of a text."""

    @property
    def kind(self) -> str:
        """The type of the content, without its parameters: `text/csv`."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text; what cannot be read becomes U+FFFD."""
        charset = _CHARSET.search(self.headers.get("Content-Type", ""))
        try:
            return self.body.decode(charset[1] if charset else "utf-8-sig", "replace")
        except LookupError:
            return self.body.decode("utf-8-sig", "replace")

    @property
    def said(self) -> str:
        """What an answer says of itself, in 200 characters: a message, a title, its beginning."""
        text = self.text
        if text.lstrip()[:1] == "<":
            beginning = text[:10_000]
            title = _TITLE.search(beginning)
            text = unescape(title[1] if title else _TAG.sub(" ", beginning))
        else:
            with suppress(ValueError, RecursionError):
                text = _message(json.loads(text)) or text
        return self.clean(" ".join(text.split()))[:200]

    def json(self) -> Any:
        """Return the JSON of the body.

        Raises:
            DatasourceError: It is none; the message says what it is.
        """
        try:
            said = json.loads(self.body)
            return _whole(said) if _HALF.search(self.body) else said
        except (ValueError, RecursionError) as error:
            hint = "Check the address, and whether it wants a user or a token."
            if isinstance(error, json.JSONDecodeError) and error.pos > 0 and self._begins_as_json:
                hint = (
                    f"It breaks off, or is wrong, at character {error.pos:,} of {len(error.doc):,}."
                )
            raise DatasourceError(
                f"{self.place} answered {self._what()} where JSON is expected", hint=hint
            ) from None

    @property
    def _begins_as_json(self) -> bool:
        return self.body.lstrip()[:1] in (b"[", b"{")

    def _what(self) -> str:
        """Return what came instead of what was asked for."""
        if not self.body.strip():
            return f"nothing (status {self.status})"
        if self.text.lstrip()[:1] == "<":
            return f"a page, “{self.said}”," if _TITLE.search(self.text) else "a page"
        return f"“{self.said[:80]}”"


def _whole(said: Any) -> Any:
    """Return JSON in which half a character, which no text can have, is U+FFFD."""
    if isinstance(said, str):
        return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(said, list):
        return [_whole(part) for part in said]
    if isinstance(said, dict):
        return {_whole(name): _whole(part) for name, part in said.items()}
    return said


def _message(said: Any) -> str:
    """Return the message in the JSON of an error, "" where there is none."""
    if isinstance(said, list) and said:
        return _message(said[0])
    if isinstance(said, str):
        return said
    if not isinstance(said, dict):
        return ""
    return next(filter(None, (_message(said.get(name)) for name in _MESSAGES)), "") or _message(
        said.get("errors")
    )
