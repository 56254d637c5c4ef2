"""The drawing of a preview: a heading and a few KPI cards, large enough for a thumbnail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kpisite.plugins.markup import escape_html
from kpisite.plugins.svg import LIGHT, TEXT_SIZE, text_width
from kpisite.render.raster import FONT
from kpisite.render.raster_svg import fill_colours
from kpisite.render.sparkline import sparkline_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.model.metric import Verdict

SIZE = WIDTH, HEIGHT = 1200, 630
"""In pixels, as the programs that show previews want them."""
CARDS = 4
"""The most that there is room for."""

_MARGIN, _GAP, _PAD = 60, 20, 26
_CARD_TOP, _CARD_HEIGHT = 252, 334
_SPARK_LEAST, _SPARK_MOST = 36, 84
_NARROWEST = 0.86
"""Width of the shipped font, as a part of what `text_width` takes texts for."""
_COLOURS = {"good": LIGHT["good"], "bad": LIGHT["bad"], "neutral": LIGHT["muted"]}
_ARROWS = {"up": "M0 0L9 -16L18 0Z", "down": "M0 -16L18 -16L9 0Z"}


@dataclass(frozen=True)
class Card:
    """One KPI; all texts as a page shows them."""

    title: str
    value: str
    direction: Literal["up", "down", "none"] = "none"
    change: str = ""
    """Without its sign; "" where it is not known."""
    verdict: Verdict = "neutral"
    versus: str = ""
    """What it is compared with."""
    target: str = ""
    """Whether the target is met, in words."""
    met: bool | None = None
    values: tuple[float | None, ...] = ()
    """Of the editions before it and its own, oldest first."""
    report: str = ""
    """Title of its report, where the picture shows several."""


@dataclass(frozen=True)
class Poster:
    """What a picture says."""

    site: str
    title: str
    line: str
    """Below the title: the period in words."""
    status: str = ""
    cards: tuple[Card, ...] = field(default=())
    accent: str = LIGHT["accent"]
    """The colour of the stripe at its top and of the lines in cards."""


def poster_svg(poster: Poster) -> str:
    """Return a picture of 1200 × 630 pixels as SVG."""
    room = WIDTH - 2 * _MARGIN
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{LIGHT["page"]}"/>',
        f'<rect width="{WIDTH}" height="12" fill="{poster.accent}"/>',
    ]
    pill = 0.0
    if poster.status:
        pill = _wide(poster.status, 26) + 40
        left = WIDTH - _MARGIN - pill
        parts += [
            f'<rect x="{left:.1f}" y="50" width="{pill:.1f}" height="44" rx="22" fill="none"'
            f' stroke="{LIGHT["faint"]}" stroke-width="1.5"/>',
            _text(poster.status, left + pill / 2, 81, 26, LIGHT["muted"], middle=True),
        ]
    if poster.site:
        parts.append(_text(_cut(poster.site, 28, room - pill - _GAP), _MARGIN, 82, 28, "muted"))
    if poster.cards:
        parts += _heading(poster, room, 162 if poster.site else 150)
        parts += _cards(poster, room)
    else:
        parts += _heading(poster, room, 300, lines=3, size=88)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}">{"".join(parts)}</svg>'
    )


def _heading(
    poster: Poster, room: float, top: float, *, lines: int = 1, size: int = 62
) -> list[str]:
    """Return title and line; a title that is too long gets smaller, and at last is cut."""
    while size > 46 and len(_wrapped(poster.title, size, room)) > lines:
        size -= 4
    shown = _lines(poster.title, size, room, lines)
    parts = [
        _text(line, _MARGIN, top + number * size * 1.15, size, "ink", bold=True)
        for number, line in enumerate(shown)
    ]
    below = top + (len(shown) - 1) * size * 1.15 + 54
    return [*parts, _text(_cut(poster.line, 34, room), _MARGIN, below, 34, "muted")]


def _cards(poster: Poster, room: float) -> list[str]:
    """Return the cards side by side; values stand in a line, and sparklines are of one height."""
    count = max(2, len(poster.cards))
    width = (room - _GAP * (count - 1)) / count
    inner = width - 2 * _PAD
    most = max(len(_titles(card, inner)) for card in poster.cards)
    contents = [_card(card, inner, most) for card in poster.cards]
    height = min(_CARD_HEIGHT - 28 - max(top for _, top in contents), _SPARK_MOST)
    parts = []
    for position, (card, (content, _)) in enumerate(zip(poster.cards, contents, strict=True)):
        left = _MARGIN + position * (width + _GAP)
        if height >= _SPARK_LEAST:
            content.append(_sparkline(card.values, inner, height, poster.accent))
        parts.append(
            f'<g transform="translate({left:.1f} {_CARD_TOP})"><rect width="{width:.1f}"'
            f' height="{_CARD_HEIGHT}" rx="12" fill="{LIGHT["card"]}" stroke="{LIGHT["line"]}"'
            f' stroke-width="2"/>{"".join(content)}</g>'
        )
    return parts


def _titles(card: Card, room: float) -> list[str]:
    return _lines(card.title, 23, room, 1 if card.report else 2)


def _card(card: Card, room: float, title_lines: int) -> tuple[list[str], float]:
    """Return what is in a card above its sparkline, and where that ends.

    Args:
        card: The KPI.
        room: Width between the card's sides, in pixels.
        title_lines: For how many there is room.
    """
    parts: list[str] = []
    top = 14.0
    if card.report:
        top += 24
        parts.append(_text(_cut(card.report, 18, room), _PAD, top, 18, "muted"))
    for number, line in enumerate(_titles(card, room), 1):
        parts.append(_text(line, _PAD, top + 28 * number, 23, "muted"))
    size = 58  # smaller where it must be: a number is never cut
    while size > 14 and _wide(card.value, size) > room:
        size -= 2
    top += 28 * title_lines + 64
    parts.append(_text(card.value, _PAD, top, size, "ink", bold=True))
    if card.change:
        top += 38
        parts += _change(card, room, top)
        if card.versus and not _fits_beside(card, room):
            top += 27
            parts.append(_text(_cut(card.versus, 21, room), _PAD, top, 21, "muted"))
    elif card.target:
        top += 8
    for line in _lines(card.target, 21, room, 2) if card.target else ():
        top += 28
        parts.append(_text(line, _PAD, top, 21, _COLOURS["good" if card.met else "bad"]))
    return parts, top


def _change(card: Card, room: float, top: float) -> list[str]:
    fill, parts, left = _COLOURS[card.verdict], [], float(_PAD)
    if card.direction in _ARROWS:
        parts.append(
            f'<path transform="translate({_PAD} {top:.1f})" d="{_ARROWS[card.direction]}"'
            f' fill="{fill}"/>'
        )
        left += 26
    parts.append(_text(_cut(card.change, 24, room), left, top, 24, fill, bold=True))
    if card.versus and _fits_beside(card, room):
        at = left + _wide(card.change, 24) + 10
        parts.append(_text(card.versus, at, top, 21, "muted"))
    return parts


def _fits_beside(card: Card, room: float) -> bool:
    """Tell whether what a change is against has room in its line."""
    return 26 + _wide(card.change, 24) + 10 + _wide(card.versus, 21) <= room


def _sparkline(values: Sequence[float | None], room: float, height: float, accent: str) -> str:
    """Return a sparkline at the bottom of a card, twice as bold as on a page."""
    drawn = sparkline_svg(values, width=int(room / 2), height=int(height / 2))
    if not drawn:
        return ""
    coloured = fill_colours(drawn, {"kpi-faint": accent, "kpi-ink": accent})
    top = _CARD_HEIGHT - 18 - int(height / 2) * 2
    return f'<g transform="translate({_PAD - 6} {top}) scale(2)">{coloured}</g>'


def _text(
    text: str,
    x: float,
    y: float,
    size: int,
    fill: str,
    *,
    bold: bool = False,
    middle: bool = False,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{LIGHT.get(fill, fill)}"'
        + (' font-weight="700"' if bold else "")
        + (' text-anchor="middle"' if middle else "")
        + f">{escape_html(text)}</text>"
    )


def _wide(text: str, size: float) -> float:
    """Return about how many pixels a text is wide; rather more than less."""
    return text_width(text) * size / TEXT_SIZE * _NARROWEST


def _wrapped(text: str, size: float, room: float) -> list[str]:
    """Return the lines that a text takes; a word is never broken."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and _wide(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _lines(text: str, size: float, room: float, most: int) -> list[str]:
    """Return a text in so many lines at most; what is too long ends with an ellipsis."""
    lines = _wrapped(text, size, room)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [_cut(line, size, room) for line in lines]


def _cut(text: str, size: float, room: float) -> str:
    """Return a text that is no wider than the room, with an ellipsis where it was cut."""
    if _wide(text, size) <= room:
        return text
    while text and _wide(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
