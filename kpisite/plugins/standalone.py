"""An edition's page of a built site as one file of HTML, which shows without the site."""

from __future__ import annotations

import hashlib
import posixpath
import re
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from kpisite.errors import OutputError
from kpisite.plugins.edition_parser import PAGE, EditionParser
from kpisite.plugins.inlining import Inliner

if TYPE_CHECKING:
    from pathlib import Path

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
_SRC = re.compile(r'''\ssrc="([^"]+)"''')
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
        self._files = Inliner(self._site)

    def digest(self, page: str) -> str:
        """Return a digest of all that a page is made of: a tenth of the work of making it.

        Where it stays the same, so does the page; where it does not, the page still may.

        Raises:
            OutputError: The site has no such page.
        """
        file = self._site / page
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise self._lacking(page) from error
        shown = sorted(address for address in set(_SRC.findall(text)) if address[-3:] != ".js")
        parts = (
            text,
            *(self._files.data(unescape(address), file.parent) for address in shown),
            *self._files.styles(),
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
            source = EditionParser(self._files, file)
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
