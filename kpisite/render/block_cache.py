"""Rendered blocks on disk: what did not change is not rendered again.

A cache may be deleted at any time. Whatever is wrong with it costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, ValidationError

from kpisite.model.base import StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Rendered(StrictModel):
    """What rendering made: all of it is text and bytes."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    text: str
    assets: dict[str, bytes] = Field(default_factory=dict)
    """The files that it made, by name."""


class BlockCache:
    """A folder with one JSON file for each rendered text; several builds may share it."""

    def __init__(self, folder: Path, code: str) -> None:
        """Open a cache; the folder is made when something is put in it.

        Args:
            folder: Holds nothing else.
            code: Digest of the code that renders: other code finds nothing of this.
        """
        self._folder = folder
        self._code = code
        self._used: set[str] = set()

    def rendered(self, parts: Any, render: Callable[[], Rendered]) -> Rendered:
        """Return what is kept, or else render and keep it; what fails is not kept.

        Args:
            parts: All that the result depends on beside the code, as JSON values.
            render: Makes it.
        """
        key = self.key(parts)
        found = self.get(key)
        if found is None:
            found = render()
            self.put(key, found)
        return found

    def get(self, key: str) -> Rendered | None:
        """Return what is kept under a key; None where there is nothing, or nothing readable."""
        name = self._name(key)
        try:
            return Rendered.model_validate_json((self._folder / name).read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, key: str, made: Rendered) -> None:
        """Keep something under a key, whole or not at all."""
        path = self._folder / self._name(key)
        beside = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            content = made.model_dump_json().encode()
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            beside.replace(path)
        except (OSError, ValueError):  # no room, no right, or no text that UTF-8 can hold
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what was not asked for since the cache was opened, so that it stays small."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in self._used:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def key(self, parts: Any) -> str:
        """Return the name under which something is kept."""
        text = json.dumps([self._code, parts])  # in the given order: it may show in the text
        return hashlib.sha256(text.encode()).hexdigest()

    def _name(self, key: str) -> str:
        name = f"{key}.json"
        self._used.add(name)
        return name
