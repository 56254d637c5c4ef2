"""An edition as a mail, and its views for others who do not see its page: made when asked for."""

from __future__ import annotations

import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin

import css_inline
import markdown
from markupsafe import Markup

from kpisite.errors import KpisiteError, OutputError
from kpisite.model.language import language
from kpisite.model.words import revision_text
from kpisite.plugins.announcement import EditionContent, EditionFile, Mail, Picture, ShownBlock
from kpisite.plugins.browser import Browser
from kpisite.plugins.standalone import StandalonePages, page_file
from kpisite.plugins.svg import LIGHT
from kpisite.render.blocks import ASSET_SCHEME
from kpisite.render.raster import can_draw, png
from kpisite.render.raster_svg import fixed_svg
from kpisite.render.sparkline import sparkline_svg
from kpisite.site.machine import EDITION
from kpisite.site.mail_html import ChartStill, MailText, mail_text
from kpisite.site.mail_plain import folded
from kpisite.site.summaries import change_words, changes, edition_line
from kpisite.site.words import about, told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kpisite.archive.index import Entry
    from kpisite.model.metric import Metric
    from kpisite.render.blocks import Block
    from kpisite.site.archive_site import ArchiveSite
    from kpisite.site.loaded_edition import LoadedEdition
    from kpisite.site.place import Place

MOST_BYTES = 100_000
"""Of a mail's HTML: Gmail hides what comes after 102 KB."""
COLUMN = 552
"""Width of a mail's column in CSS pixels, without its borders."""
_DRAWN = 440
"""Width that charts are drawn for: on a phone, which shows them smaller, texts can be read."""
_SCALE = 2 * COLUMN / _DRAWN
_ROWS = (30, 12, 0)
"""Rows of a table that a mail shows at most, until it is small enough."""
_MARKDOWN = ("tables", "fenced_code")
_PAPER = "#fdfdfe"
"""Of a mail, and behind its charts: not pure white, which some dark modes make black."""
_SPARK, _SPARK_SCALE, _SPARK_VALUES, _LONG_VALUE = (104, 30), 2.0, 12, 9
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_SVG = "image/svg+xml"


class EditionContents:
    """What the pages of a built site's editions show; one is made at a time."""

    def __init__(self, site: ArchiveSite, folder: Path, browser: str = "") -> None:
        """Begin; nothing is made yet.

        Args:
            site: What the pages were made from.
            folder: The built site.
            browser: The program that prints; "" to look for one.
        """
        self._site = site
        self._folder = folder
        self._browser = browser
        self._lock, self._making = Lock(), Lock()
        self._made: dict[tuple[str, str], _Content] = {}

    def of(self, entry: Entry, document: Mapping[str, Any], url: str) -> EditionContent:
        """Return what the pages of an edition show.

        Args:
            entry: The edition.
            document: Its `edition.json`.
            url: Address of its page; "" where that is not known.
        """
        key = entry.key, entry.digest
        with self._lock:
            if key not in self._made:
                parts = self._site, self._folder, entry, document, url, self._making
                self._made = {**self._made, key: _Content(*parts, self._browser)}
            return self._made[key]


@dataclass
class _Content(EditionContent):
    """What the pages of one edition show."""

    site: ArchiveSite
    folder: Path
    entry: Entry
    document: Mapping[str, Any]
    url: str
    lock: Lock
    """Held while something is made: outputs ask at once, and a site makes one after the other."""
    browser: str
    """The program that prints; "" to look for one."""
    _loaded: tuple[LoadedEdition, Place] | None = None
    _mail: Mail | None = None
    _pdf: EditionFile | None = None
    _pictures: dict[str, Picture] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)
    """Name of a picture → what it was made of."""

    def blocks(self) -> Sequence[ShownBlock]:
        """Return all views, in the order of the page."""
        with self.lock:
            return self._blocks(_ROWS[0])

    def mail(self) -> Mail:
        """Return the edition as a mail that is small enough for Gmail."""
        with self.lock:
            if self._mail is None:
                self._mail = self._smallest_that_says_most()
            return self._mail

    def pdf(self) -> EditionFile:
        """Return the edition as its page is printed."""
        with self.lock:
            if self._pdf is None:
                page = page_file(f"{self.entry.key}/{EDITION}", self.document["url"])
                html = StandalonePages(self.folder).html(page)
                with Browser(self.browser) as browser:
                    data = browser.pdf(html, self.entry.started)
                name = f"{self.entry.key.replace('/', '-')}.pdf"
                self._pdf = EditionFile(name, data, "application/pdf")
            return self._pdf

    def tables(self) -> Sequence[EditionFile]:
        """Return what the pages of all views but KPIs offer as CSV: of those, one knows it all."""
        with self.lock:
            kpis = {block.id for block in self._edition()[0].blocks if block.is_kpi}
        views = [view for view in self.document["views"] if view["id"] not in kpis]
        paths = [part["csv"] for view in views for part in view["data"]]
        return [self._file(unquote(path)) for path in paths if path]

    def _file(self, path: str) -> EditionFile:
        try:
            data = (self.folder / self.entry.key / path).read_bytes()
        except OSError as error:
            raise OutputError(f"the built site has no {self.entry.key}/{path}") from error
        url = urljoin(self.url, quote(path)) if self.url else ""
        return EditionFile(posixpath.basename(path), data, "text/csv", url)

    def _edition(self) -> tuple[LoadedEdition, Place]:
        if self._loaded is None:
            found = self.site.edition(self.entry.key)
            if found is None or found[0].record.revision != self.entry.revision:
                raise OutputError(
                    f"{self.entry.key} has changed since the site was built", hint="Publish again."
                )
            self._loaded = found
        return self._loaded

    def _smallest_that_says_most(self) -> Mail:
        for rows in _ROWS:
            blocks = self._blocks(rows)
            made = self._made_of(blocks, len(blocks))
            if len(made.html.encode()) <= MOST_BYTES:
                return made
        shown = len(blocks)
        while shown and len(made.html.encode()) > MOST_BYTES:
            shown //= 2
            made = self._made_of(blocks, shown)
        return made

    def _made_of(self, blocks: Sequence[ShownBlock], shown: int) -> Mail:
        """Return the mail with the first blocks whole, and only the titles of the others."""
        loaded, place = self._edition()
        record = loaded.record
        older = place.older[-1][1] if place.older else None
        values = {
            "edition": about(record),
            "preheader": edition_line(record.period.period(), record.metrics.values()),
            "url": self.url,
            "revised": changes(older.metrics, record.metrics) if older else [],
            "replaced": revision_text(older.revision) if older else "",
            "groups": [
                (kpis, [self._for_template(loaded, block) for block in group])
                for kpis, group in groupby(blocks[:shown], key=_is_card)
            ],
            "others": blocks[shown:],
            "failed": [block.title for block in blocks if block.error],
            "column": COLUMN,
            "language": language().tag,
        }
        html = self.site.look.render("mail/edition.html", **values)
        text = self.site.look.render("mail/edition.txt", **values).strip() + "\n"
        places = {name: html.find(f'src="cid:{name}"') for name in self._pictures}
        names = sorted((name for name in places if places[name] >= 0), key=places.__getitem__)
        return Mail(
            html=css_inline.CSSInliner(load_remote_stylesheets=False).inline(html),
            text=folded(re.sub(r"\n{3,}", "\n\n", text)),
            pictures=[self._pictures[name] for name in names],
        )

    def _for_template(self, loaded: LoadedEdition, block: ShownBlock) -> dict[str, Any]:
        return {
            "id": block.id,
            "title": block.title,
            "description": block.description,
            "url": block.url,
            "html": Markup(block.html),  # noqa: S704 - escaped where it was made
            "text": block.text,
            "error": block.error,
            "metrics": [
                {
                    "metric": metric,
                    "change": change_words(metric),
                    "spark": self._spark(loaded, metric) if _is_card(block) else None,
                }
                for metric in block.metrics
            ],
        }

    def _spark(self, loaded: LoadedEdition, metric: Metric) -> Picture | None:
        """Return a KPI's last editions as a picture; None where there is no room or no past."""
        if not can_draw() or len(metric.said) > _LONG_VALUE:
            return None
        name = self._name(f"{metric.name}-spark.png")
        points = loaded.past.points(metric.name)[-_SPARK_VALUES + 1 :]
        svg = sparkline_svg([*(point.value for point in points), metric.value])
        if not svg:
            return None
        if name not in self._pictures:
            width, height = _SPARK
            svg = svg.replace("var(--kpi-ink)", LIGHT["accent"])  # dark on dark would vanish
            data = png(fixed_svg(svg, width, height), _SPARK_SCALE)
            self._pictures[name] = Picture(name, data, "image/png", "", "", width, height)
        return self._pictures[name]

    def _blocks(self, max_rows: int) -> list[ShownBlock]:
        loaded, _ = self._edition()
        return [self._shown(loaded, block, max_rows) for block in loaded.blocks]

    def _shown(self, loaded: LoadedEdition, block: Block, max_rows: int) -> ShownBlock:
        record = loaded.record
        metrics = [metric for metric in record.metrics.values() if metric.view == block.id]
        page = next((v["url"] for v in self.document["views"] if v["id"] == block.id), "")
        url = urljoin(self.url, page) if self.url else ""
        error = ""
        if block.error:
            said = told(block.error, shows_query=record.definition.shows_query(block.id))
            error = said["message"]
        made, pictures = self._text(block, max_rows)
        return ShownBlock(
            id=block.id,
            title=block.title,
            description=block.description,
            url=url,
            is_kpi=block.is_kpi,
            metrics=metrics,
            html=made.html,
            text=made.text,
            pictures=pictures,
            error=error,
        )

    def _text(self, block: Block, max_rows: int) -> tuple[MailText, list[Picture]]:
        pictures: dict[str, Picture] = {}
        assets = {asset.uri: asset.content for asset in block.assets}

        def chart(still: ChartStill) -> str:
            name = self._name(f"{block.id}-chart-{len(pictures) + 1}.png")
            drawn = self._drawn(name, still)
            if drawn is None:
                return ""
            pictures[name] = drawn
            alt = escape(still.description)
            size = f'width="{drawn.width}" height="{drawn.height}"'
            return f'<img class="chart" src="cid:{name}" {size} alt="{alt}">'

        def picture(address: str) -> str:
            if not address.startswith(ASSET_SCHEME):
                return address
            uri = address.removeprefix(ASSET_SCHEME)
            found = self._blob(uri, assets[uri]) if uri in assets else None
            if found is None:
                return ""
            pictures[found.name] = found
            return f"cid:{found.name}"

        def link(address: str) -> str:
            path = address.removeprefix(f"{ASSET_SCHEME}{self.entry.key}/")
            return urljoin(self.url, path) if self.url else address

        html = block.text
        if not isinstance(block.text, Markup):
            html = markdown.markdown(block.text, extensions=list(_MARKDOWN))
        made = mail_text(
            html, title=block.title, chart=chart, link=link, picture=picture, max_rows=max_rows
        )
        self._pictures |= pictures
        return made, list(pictures.values())

    def _name(self, path: str) -> str:
        """Return what a picture is called: a digest tells it from one that is called alike."""
        name = _UNFIT.sub("-", path)
        if self._paths.setdefault(name, path) == path:
            return name
        return f"{hashlib.sha256(path.encode()).hexdigest()[:8]}-{name}"

    def _drawn(self, name: str, still: ChartStill) -> Picture | None:
        """Return a chart as a picture; None where it has no drawing, or nothing can draw it."""
        if name in self._pictures:
            return self._pictures[name]
        if not still.svg or not can_draw():
            return None
        try:
            svg = fixed_svg(still.svg, _DRAWN, still.height, background=_PAPER)
            data = png(svg, _SCALE)
        except KpisiteError:  # a plugin's own drawing
            return None
        height = round(still.height * COLUMN / _DRAWN)
        return Picture(name, data, "image/png", alt=still.description, width=COLUMN, height=height)

    def _blob(self, uri: str, data: bytes) -> Picture | None:
        """Return a picture that a view made; None where a mail cannot show it."""
        path = uri.removeprefix(f"{self.entry.key}/")
        mime = mimetypes.guess_type(path)[0] or "application/octet-stream"
        name = self._name(path)
        if mime == _SVG and can_draw():
            try:
                return Picture(f"{name}.png", png(data.decode()), "image/png")
            except (KpisiteError, UnicodeDecodeError):
                return None
        if not mime.startswith("image/") or mime == _SVG:
            return None
        return Picture(name, data, mime, urljoin(self.url, quote(path)) if self.url else "")


def _is_card(block: ShownBlock) -> bool:
    return block.is_kpi and bool(block.metrics)
