"""Compiled Jinja templates on disk: compiling those of a theme costs more than rendering a page.

A cache may be deleted at any time. Whatever is wrong with it costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import shutil
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2.bccache import Bucket

_KEPT = 3
"""Of how many different sites templates are kept."""
_DIGEST = hashlib.sha256().digest_size


class CompiledTemplates(BytecodeCache):
    """A folder with one file for each compiled template; several builds may use it at once.

    Jinja itself checks that the source is the same, and the version of Python and of Jinja. What
    else decides about compiled code, such as filters and extensions, has to be in `site`.
    """

    def __init__(self, folder: Path, site: str, name: str) -> None:
        """Open a cache, and remove what belongs to sites that are long gone.

        Args:
            folder: Holds nothing else.
            site: Digest of all that shapes the site: names a subfolder.
            name: Of the environment in the site: names a subfolder in it.
        """
        mine = folder / site[:16]
        self._folder = mine / name
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            os.utime(mine)
            for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)[:-_KEPT]:
                shutil.rmtree(old, ignore_errors=True)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if it is there and whole: damaged code could do anything."""
        with contextlib.suppress(OSError):
            content = (self._folder / bucket.key).read_bytes()
            digest, code = content[:_DIGEST], content[_DIGEST:]
            if hashlib.sha256(code).digest() == digest:
                bucket.load_bytecode(io.BytesIO(code))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, whole or not at all."""
        code = bucket.bytecode_to_string()
        beside = self._folder / f"{bucket.key}.{secrets.token_hex(4)}"
        try:
            beside.write_bytes(hashlib.sha256(code).digest() + code)
            beside.replace(self._folder / bucket.key)
        except OSError:  # no room, or no right
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
