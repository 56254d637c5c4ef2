"""The file in an object store that says what the last deploys left there."""

from __future__ import annotations

import json

from pydantic import Field, ValidationError

from kpisite.model.base import StrictModel

MANIFEST = ".kpisite.json"
"""Name of the file, beside the site's own."""


class StoredFile(StrictModel):
    """A file that kpisite has put there."""

    size: int
    """Bytes of its content, before it was compressed."""
    sha256: str
    """Of its content, before it was compressed; "" while a deploy is at it."""
    headers: str = ""
    """Digest of what the store was told beside the content."""

    @property
    def digest(self) -> str:
        """Changes with all of it; "" where it is not known."""
        return f"{self.sha256}-{self.size}-{self.headers}" if self.sha256 else ""


class Manifest(StrictModel):
    """What is there. Files of others are not in it, and never touched."""

    format: int = Field(default=1, ge=1, le=1)
    files: dict[str, StoredFile] = Field(default_factory=dict)
    """By path below the prefix."""
    invalidate: tuple[str, ...] = ()
    """Paths that the CDN was not yet told of."""

    @classmethod
    def parse(cls, content: bytes) -> Manifest | None:
        """Return what a file says; None where it is damaged or of a later version."""
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            return None

    def text(self) -> bytes:
        """Return the file's content: the same for the same manifest."""
        return (json.dumps(self.model_dump(mode="json"), sort_keys=True) + "\n").encode()
