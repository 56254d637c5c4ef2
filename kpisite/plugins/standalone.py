"""An edition's page of a built site as one file of HTML, which shows without the site."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from kpisite.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "kpi-page"
"""Class of the element that holds an edition; everything around it is the site's."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_LEFT_OUT = frozenset(
    {"base", "embed", "form", "iframe", "link", "meta", "nav", "object", "script", "template"}
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"})
_DECORATION = frozenset({"kpi-permalink", "kpi-links", "headerlink"})
_WITHIN = ("data:", "#")
_SRC = re.compile(r'''\ssrc="([^"]+)"''')
_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]+))\s*\)""")
_FOOT = """\
@page {{
  @bottom-left {{ content: "{running}"; font: 7pt system-ui, sans-serif; color: #5b6776; }}
  @bottom-right {{
    content: counter(page) " / " counter(pages); font: 7pt system-ui, sans-serif; color: #5b6776;
  }}
}}
@page :first {{ @bottom-left {{ content: none; }} @bottom-right {{ content: none; }} }}
"""


def as_picture(html: str) -> str:
    """Return a page with a margin: a picture has no sheet around it."""
    return html.replace("</head>", "<style>main { padding: 24px; }</style></head>", 1)


def page_file(document: str, address: str) -> str:
    """Return the path of a page below the site, from its address in one of the site's JSON files.

    Args:
        document: Path of the JSON file below the site.
        address: As the file says it: `2013-W06/`, `./`, `2013-W06.html`.
    """
    path = unquote(urljoin(document, address))
    return path if path.endswith(".html") else posixpath.join(path, "index.html")


class StandalonePages:
    """The pages of a site's editions, each as one file."""

    def __init__(self, site: Path) -> None:
        """Begin; nothing is read yet.

        Args:
            site: Folder of the built site.
        """
        self._site = site.resolve()
        self._styles: dict[Path, str] = {}

    def digest(self, page: str) -> str:
        """Return a digest of all that a page is made of: a tenth of the work of making it.

        Where it stays the same, so does the page; where it does not, the page still may.

        Raises:
            OutputError: The site has no such page.
        """
        file = self._site / page
        if not self._styles:
            for path in self._site.rglob("*.css"):
                self.style(path)
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise self._lacking(page) from error
        shown = sorted(address for address in set(_SRC.findall(text)) if address[-3:] != ".js")
        parts = (
            text,
            *(self.data(unescape(address), file.parent) for address in shown),
            *(style for _, style in sorted(self._styles.items())),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def html(self, page: str) -> str:
        """Return a page with all that it shows: styles and pictures, charts as their SVG.

        Nothing in it runs or is fetched. Links lead to the site if its address is known, else
        they are text. What the site shows around an edition is left out, with the links to its
        neighbours, so that the file stays the same when the next edition comes.

        Args:
            page: Path of an edition's `index.html` below the site.

        Raises:
            OutputError: The site has no such page, or there is no edition on it.
        """
        file = self._site / page
        try:
            source = _Page(self, file)
            source.feed(file.read_text(encoding="utf-8"))
            source.close()
        except (OSError, UnicodeDecodeError) as error:
            raise self._lacking(page) from error
        if not source.parts:
            raise OutputError(
                f"the page {page} of the built site shows no edition",
                hint=f"A template must keep the class '{PAGE}' around what it shows.",
            )
        running = re.sub(r'[\\"\n<]', lambda m: f"\\{ord(m[0]):x} ", source.title)
        styles = "\n".join((*source.styles, _FOOT.format(running=running)))
        return (
            f'<!doctype html>\n<html lang="{escape(source.language)}">\n<head>\n'
            '<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(source.title)}</title>\n<style>\n{styles}\n</style>\n</head>\n"
            f'<body class="kpi-alone"{source.body}>\n<main class="md-typeset">\n'
            f"{''.join(source.parts)}\n</main>\n</body>\n</html>\n"
        )

    def _lacking(self, page: str) -> OutputError:
        return OutputError(f"the built site has no {page} that can be read", hint="Publish again.")

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


@dataclass
class _Page(HTMLParser):
    """Takes the edition out of a page of a site."""

    pages: StandalonePages
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
            self.styles.append(self.pages.inlined(data, self.file.parent))

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
            self.styles.append(self.pages.style(self.file.parent / unquote(parts.path)))

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
                value = self.pages.inlined(value, self.file.parent)
            if value or values[name] == "":
                kept[name] = value
        return f"<{tag}{_attributes(kept)}>"

    def _file(self, address: str) -> str:
        return self.pages.data(address, self.file.parent)

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
