"""Files of a built site as addresses that hold them, so that what names them needs no site."""

from __future__ import annotations

import base64
import mimetypes
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

_WITHIN = ("data:", "#")
_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]+))\s*\)""")


class Inliner:
    """Puts the files of a site into what names them."""

    def __init__(self, site: Path) -> None:
        """Begin; nothing is read yet.

        Args:
            site: Folder of the built site.
        """
        self._site = site.resolve()
        self._styles: dict[Path, str] = {}

    def styles(self) -> list[str]:
        """Return all stylesheets of the site, by their path."""
        if not self._styles:
            for path in self._site.rglob("*.css"):
                self.style(path)
        return [style for _, style in sorted(self._styles.items())]

    def style(self, file: Path) -> str:
        """Return a stylesheet that needs no other file; "" where there is none."""
        if file not in self._styles:
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                text = ""
            self._styles[file] = self.inlined(text, file.parent)
        return self._styles[file]

    def inlined(self, css: str, folder: Path) -> str:
        """Return CSS with the files that it names in it."""

        def data(match: re.Match[str]) -> str:
            address = next(filter(None, match.groups()), "")
            if address.startswith(_WITHIN):
                return match[0]
            return f'url("{self.data(address, folder)}")'

        css = re.sub(r"/\*# sourceMappingURL=.*?\*/|@charset[^;]*;", "", css)
        return _URL.sub(data, css).replace("</", "<\\/")

    def data(self, address: str, folder: Path) -> str:
        """Return a file of the site as an address that holds it; "" where there is none."""
        if address.startswith(_WITHIN):
            return address
        parts = urlsplit(address)
        path = (folder / unquote(parts.path)).resolve()
        if parts.scheme or parts.netloc or not path.is_relative_to(self._site):
            return ""
        try:
            content = base64.b64encode(path.read_bytes()).decode()
        except OSError:
            return ""
        mime = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return f"data:{mime};base64,{content}"
