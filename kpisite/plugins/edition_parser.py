"""Takes the edition out of a page of a built site."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

    from kpisite.plugins.inlining import Inliner

PAGE = "kpi-page"
"""Class of the element that holds an edition; everything around it is the site's."""
_LEFT_OUT = frozenset(
    {"base", "embed", "form", "iframe", "link", "meta", "nav", "object", "script", "template"}
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"})
_DECORATION = frozenset({"kpi-permalink", "kpi-links", "headerlink"})


@dataclass
class EditionParser(HTMLParser):
    """Reads a page; has the edition on it, and what the site says of it."""

    files: Inliner
    """The files of the site."""
    file: Path
    language: str = "en"
    title: str = ""
    address: str = ""
    """Of the page; "" where it is not known."""
    styles: list[str] = field(default_factory=list)
    body: str = ""
    """The attributes of the body that say the colours."""
    parts: list[str] = field(default_factory=list)
    """The edition."""
    _open: list[str] = field(default_factory=list)
    """Elements of the edition that are open."""
    _left_out: list[str] = field(default_factory=list)
    """Open elements, from the one on that is left out."""
    _in_body: bool = False
    _text_of: str = ""
    """Element of the head whose text is wanted."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read an element that begins."""
        values = {name: value or "" for name, value in attrs}
        classes = values.get("class", "").split()
        if not self._open:
            if PAGE not in classes or self.parts:
                self._outside(tag, values)
                return
        elif self._left_out or tag in _LEFT_OUT or _DECORATION & {*classes}:
            if tag not in _VOID:
                self._left_out.append(tag)
            return
        self.parts.append(self._tag(tag, values))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read an element that is written without content, as in SVG."""
        values = {name: value or "" for name, value in attrs}
        if not self._open:
            self._outside(tag, values)
        elif not self._left_out and tag not in _LEFT_OUT:
            self.parts.append(f"{self._tag(tag, values)[:-1]}/>")

    def handle_endtag(self, tag: str) -> None:
        """Read the end of an element."""
        self._text_of = ""
        if self._left_out:
            _close(self._left_out, tag)
        elif _close(self._open, tag):
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Read text."""
        if self._open and not self._left_out:
            self.parts.append(data)
        elif self._text_of == "title":
            self.title += unescape(data)
        elif self._text_of == "style":
            self.styles.append(self.files.inlined(data, self.file.parent))

    def handle_entityref(self, name: str) -> None:
        """Read `&name;`."""
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Read `&#38;`."""
        self.handle_data(f"&#{name};")

    def _outside(self, tag: str, values: dict[str, str]) -> None:
        """Read what the site says of the page."""
        if tag in ("title", "style") and not self._in_body:
            self._text_of = tag
        elif tag == "html":
            self.language = values.get("lang") or self.language
        elif tag == "meta" and values.get("property") == "og:title":
            self.title = values.get("content", "")
        elif tag == "link" and "canonical" in values.get("rel", "").split():
            self.address = values.get("href", "")
        elif tag == "link" and "stylesheet" in values.get("rel", "").split():
            self._add_stylesheet(values.get("href", ""))
        elif tag == "body":
            self._in_body = True
            named = {k: v for k, v in values.items() if k == "dir" or k.startswith("data-md-color")}
            self.body = _attributes(named).replace('"slate"', '"default"')

    def _add_stylesheet(self, address: str) -> None:
        parts = urlsplit(address)
        if not (parts.scheme or parts.netloc):
            self.styles.append(self.files.style(self.file.parent / unquote(parts.path)))

    def _tag(self, tag: str, values: dict[str, str]) -> str:
        """Return how an element begins."""
        kept: dict[str, str] = {}
        for name, value in values.items():
            if name.startswith("on") or name in ("srcset", "tabindex"):
                continue
            if name in ("href", "xlink:href"):
                value = self._link(value) if tag == "a" else self._file(value)
            elif name == "src":
                value = self._file(value)
            elif name == "style":
                value = self.files.inlined(value, self.file.parent)
            if value or values[name] == "":
                kept[name] = value
        return f"<{tag}{_attributes(kept)}>"

    def _file(self, address: str) -> str:
        return self.files.data(address, self.file.parent)

    def _link(self, address: str) -> str:
        if address.startswith("#"):
            return address
        link = urljoin(self.address, address)
        return link if urlsplit(link).scheme in ("http", "https", "mailto") else ""


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())


def _close(elements: list[str], tag: str) -> bool:
    """Close an element and those in it that have no end; return whether it was open."""
    if tag not in elements:
        return False
    while elements.pop() != tag:
        pass
    return True
