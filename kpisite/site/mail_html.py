"""A block's HTML as a mail can show it: charts as pictures, plain tables, nothing hidden.

Mail programs have no scripts, no SVG and no CSS variables, and some have no `<details>`. What a
page has of these is left out or replaced here; classes stay, for `mail/edition.css`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from kpisite.model.language import ngettext
from kpisite.model.number import grouped
from kpisite.render.raster_svg import fill_colours
from kpisite.site.mail_plain import lined_up, tidy

if TYPE_CHECKING:
    from collections.abc import Callable

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "wbr"})
_LEFT_OUT = frozenset({"script", "style", "template", "svg", "iframe", "object", "form", "video"})
_CHART_LEGEND = "div", "kpi-legend"
"""Tag and class: it says which colour is whose, so that it has no place in plain text."""
_DECORATION = frozenset({"kpi-bar", "kpi-hidden", "kpi-permalink", "kpi-track"})
_CHART, _CHART_DATA, _NUMBER = "kpi-chart", "kpi-data", "kpi-num"
_UNWRAPPED = frozenset({"details", "summary"})
_KEPT = frozenset({"class", "colspan", "rowspan", "href", "src", "alt", "title", "lang", "dir"})
_BLOCKS = frozenset({"p", "div", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"})
_LINES = frozenset({"br", "li", "tr", "caption", "pre", "hr"})
_HEIGHT = re.compile(r"height:\s*(\d+)px")
_BACKGROUND = re.compile(r"background(?:-color)?:\s*([^;]+)")
_SAFE = re.compile(r"(?:https?://|mailto:|cid:)", re.IGNORECASE)


@dataclass(frozen=True)
class ChartStill:
    """A chart as the page shows it without scripts."""

    description: str
    svg: str
    """"" where the chart has none."""
    height: int


@dataclass(frozen=True)
class MailText:
    """What a mail shows of a block."""

    html: str
    text: str


@dataclass
class _Table:
    """A table, while its rows are read."""

    rows: list[list[str]] = field(default_factory=list)
    caption: str = ""
    numbers: set[int] = field(default_factory=set)
    """Columns that the page lines up on the right."""
    cut: int = 0
    """Rows that were left out."""
    in_body: bool = False
    shown: int = 0

    def plain(self) -> str:
        """Return it in plain text."""
        return lined_up(self.rows, self.numbers, self.caption)


def mail_text(
    html: str,
    *,
    title: str = "",
    chart: Callable[[ChartStill], str],
    link: Callable[[str], str],
    picture: Callable[[str], str],
    max_rows: int,
) -> MailText:
    """Return what a mail shows of a block.

    Args:
        html: As a page shows it.
        title: The block's, which stands above it: what a chart says begins with it.
        chart: Returns the HTML that stands for a chart; "": its data is shown instead.
        link: Returns the absolute address of a link; "": it is no link in a mail.
        picture: Returns the address of a picture; "": it is left out.
        max_rows: The most rows that are shown of a table.
    """
    reader = _Reader(title, chart, link, picture, max_rows, _stills(html))
    reader.feed(html)
    reader.close()
    return MailText("".join(reader.out).strip(), tidy("".join(reader.plain)))


class _Reader(HTMLParser):
    """Reads HTML and writes it anew."""

    def __init__(
        self,
        title: str,
        chart: Callable[[ChartStill], str],
        link: Callable[[str], str],
        picture: Callable[[str], str],
        max_rows: int,
        stills: list[str],
    ) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.plain: list[str] = []
        self._title = title
        self._chart, self._link, self._picture = chart, link, picture
        self._max_rows = max_rows
        self._stills = stills
        self._left_out: list[str] = []
        """The open elements from one that is left out on."""
        self._ends: list[str] = []
        """What is written at the end of each open element."""
        self._still: ChartStill | None = None
        self._depth = 0
        """Depth in a chart's element; 0 outside."""
        self._legend = 0
        """Depth of a chart's legend; 0 outside."""
        self._numbers: list[int] = []
        """Number of the last item of each open list; -1 where items have none."""
        self._address = ""
        """Of the open link; "" outside."""
        self._drawn = False
        """Whether the chart before this has a picture, so that its data is left out."""
        self._data_began = False
        """Whether the last element began a chart's data: what unfolds them comes next."""
        self._table: _Table | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write the begin of an element, or begin to leave it out."""
        void = tag in _VOID
        if self._depth:
            self._in_chart(tag, void=void)
            return
        if self._left_out:
            self._leave_out(tag)
            return
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if _CHART in classes:
            height = _HEIGHT.search(given.get("style", ""))
            svg = self._stills.pop(0) if self._stills else ""
            tall = int(height[1]) if height else 240
            self._still = ChartStill(given.get("aria-label", ""), svg, tall)
            self._depth = 1
            return
        if tag in _LEFT_OUT or _DECORATION.intersection(classes):
            self._leave_out(tag)
            return
        if self._is_of_chart(tag, classes) or self._row_is_left_out(tag):
            self._leave_out(tag)
            return
        self._write_start(tag, given)
        if not void:
            self._ends.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Write the end of an element."""
        if self._depth:
            self._end_in_chart(tag)
            return
        if tag in _VOID:
            return
        if self._left_out:
            if tag in self._left_out:
                del self._left_out[len(self._left_out) - 1 - self._left_out[::-1].index(tag) :]
            return
        if tag not in self._ends:
            return
        while self._ends:
            open_tag = self._ends.pop()
            self._write_end(open_tag)
            if open_tag == tag:
                break

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element of SVG, or one of HTML that is written as one."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """Write text."""
        if self._depth or self._left_out:
            return
        self.out.append(escape(data, quote=False))
        table = self._table
        if self._legend:
            return
        if table is None:
            preformatted = "pre" in self._ends
            self.plain.append(data if preformatted else re.sub(r"\s+", " ", data))
        elif "caption" in self._ends:
            table.caption += data
        elif table.rows and table.rows[-1] and ("td" in self._ends or "th" in self._ends):
            table.rows[-1][-1] += data

    def close(self) -> None:
        """End what is still open."""
        super().close()
        while self._ends:
            self._write_end(self._ends.pop())

    def _leave_out(self, tag: str) -> None:
        if tag not in _VOID:
            self._left_out.append(tag)

    def _in_chart(self, tag: str, *, void: bool) -> None:
        self._depth += not void

    def _end_in_chart(self, tag: str) -> None:
        self._depth -= tag not in _VOID
        if self._depth:
            return
        assert self._still is not None  # noqa: S101 - its element began
        html = self._chart(self._still)
        self._drawn = bool(html)
        words = self._still.description.removeprefix(f"{self._title}. ")
        self.out.append(html or f'<p class="versus">{escape(words)}</p>')
        self.plain.append(f"\n\n{words}\n\n")

    def _is_of_chart(self, tag: str, classes: list[str]) -> bool:
        """Tell whether an element is the data of a chart that has a picture, or folds them up."""
        opens, self._data_began = self._data_began and tag == "summary", _CHART_DATA in classes
        return opens or (self._data_began and self._drawn)

    def _row_is_left_out(self, tag: str) -> bool:
        table = self._table
        if tag != "tr" or table is None or not table.in_body:
            return False
        if table.shown < self._max_rows:
            table.shown += 1
            return False
        table.cut += 1
        return True

    def _write_start(self, tag: str, given: dict[str, str]) -> None:
        if (tag, given.get("class", "").partition(" ")[0]) == _CHART_LEGEND:
            self._legend = len(self._ends) + 1
        if tag == "table":
            self._table = _Table()
        elif tag == "tbody" and self._table:
            self._table.in_body = True
        elif tag == "tr" and self._table:
            self._table.rows.append([])
        elif tag in ("td", "th") and self._table and self._table.rows:
            if _NUMBER in given.get("class", "").split():
                self._table.numbers.add(len(self._table.rows[-1]))
            self._table.rows[-1].append("")
        elif tag in _BLOCKS:
            self.plain.append("\n\n")
        elif tag == "li":
            self.plain.append(f"\n{self._bullet()} ")
        elif tag in _LINES:
            self.plain.append("\n")
        if tag in ("ol", "ul"):
            self._numbers.append(0 if tag == "ol" else -1)
        if tag in _UNWRAPPED:
            tag = "div"
        kept = {name: value for name, value in given.items() if name in _KEPT}
        if tag == "img":
            kept["src"] = self._picture(given.get("src", ""))
            if not kept["src"]:
                return
            self.plain.append(given.get("alt", ""))
            kept |= {n: given[n] for n in ("width", "height") if given.get(n, "").isdecimal()}
            kept.setdefault("alt", "")
        if "href" in kept:
            kept["href"] = self._link(kept["href"])
            if not _SAFE.match(kept["href"]):
                del kept["href"]
        if tag == "a":
            self._address = kept.get("href", "")
        if ground := _BACKGROUND.search(given.get("style", "")):
            kept["style"] = f"background:{fill_colours(ground[1]).strip()}"
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        self.out.append(f"<{tag}{written}>")

    def _bullet(self) -> str:
        """Return what stands before an item of the innermost list."""
        if not self._numbers or self._numbers[-1] < 0:
            return "-"
        self._numbers[-1] += 1
        return f"{self._numbers[-1]}."

    def _write_end(self, tag: str) -> None:
        more = ""
        if tag in ("ol", "ul"):
            self._numbers.pop()
        if len(self._ends) < self._legend:
            self._legend = 0
        if tag == "a" and self._address and self._table is None:
            said = self.plain[-1].strip() if self.plain else ""
            if said != self._address.removeprefix("mailto:"):
                self.plain.append(f" ({self._address})")
        if tag == "table" and self._table:
            more = _more(self._table.cut)
            self.plain.append(f"\n\n{self._table.plain()}\n\n{more}\n\n")
            self._table = None
        elif tag == "tbody" and self._table:
            self._table.in_body = False
        elif tag in _BLOCKS:
            self.plain.append("\n\n")
        elif tag in _UNWRAPPED or tag == "pre":
            self.plain.append("\n")
        self.out.append(f"</{'div' if tag in _UNWRAPPED else tag}>")
        if more:
            self.out.append(f'<p class="versus">{escape(more)}</p>')


def _more(rows: int) -> str:
    """Return how many rows a mail leaves out; "" for none."""
    if not rows:
        return ""
    said = ngettext("{count} more row on the page", "{count} more rows on the page", rows)
    return said.format(count=grouped(rows, 0))


def _stills(html: str) -> list[str]:
    """Return the SVG of each chart in a page's HTML, "" for one that has none."""
    parts = html.split(f'<div class="{_CHART}"')[1:]
    return [_first_svg(part.partition("<template>")[0]) for part in parts]


def _first_svg(text: str) -> str:
    begin, end = text.find("<svg"), text.rfind("</svg>")
    return text[begin : end + len("</svg>")] if 0 <= begin < end else ""
