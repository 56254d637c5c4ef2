"""The drawing of a preview: a heading and a few KPI cards, large enough for a thumbnail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kpisite.plugins.svg import LIGHT, TEXT_SIZE, text_width
from kpisite.render.picture import Box, Dot, Line, Picture, Polygon, Text
from kpisite.render.sparkline import is_known, sparkline_lines

if TYPE_CHECKING:
    from kpisite.model.metric import Verdict

WIDTH, HEIGHT = 1200, 630
"""In pixels, as the programs that show previews want them."""
CARDS = 4
"""The most that there is room for."""

_MARGIN, _GAP, _PAD = 60, 20, 26
_CARD_TOP, _CARD_HEIGHT = 252, 334
_SPARK_LEAST, _SPARK_MOST = 36, 84
_NARROWEST = 0.86
"""Width of the shipped font, as a part of what `text_width` takes texts for."""
_COLOURS = {"good": LIGHT["good"], "bad": LIGHT["bad"], "neutral": LIGHT["muted"]}
_ARROWS = {"up": ((0, 0), (9, -16), (18, 0)), "down": ((0, -16), (18, -16), (9, 0))}


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


def draw_poster(poster: Poster) -> Picture:
    """Return a picture of 1200 × 630 pixels."""
    picture = Picture(WIDTH, HEIGHT, LIGHT["page"])
    picture.shapes.append(Box(0, 0, WIDTH, 12, fill=poster.accent))
    room = WIDTH - 2 * _MARGIN
    pill = 0.0
    if poster.status:
        pill = _wide(poster.status, 26) + 40
        left = WIDTH - _MARGIN - pill
        edge = LIGHT["faint"]
        picture.shapes.append(Box(left, 50, pill, 44, line=edge, line_width=1.5, radius=22))
        at = left + pill / 2
        picture.texts.append(Text(poster.status, at, 81, 26, LIGHT["muted"], align="middle"))
    if poster.site:
        site = _cut(poster.site, 28, room - pill - _GAP)
        picture.texts.append(Text(site, _MARGIN, 82, 28, LIGHT["muted"]))
    if poster.cards:
        _heading(picture, poster, room, 162 if poster.site else 150)
        _cards(picture, poster, room)
    else:
        _heading(picture, poster, room, 300, lines=3, size=88)
    return picture


def _heading(
    picture: Picture, poster: Poster, room: float, top: float, *, lines: int = 1, size: int = 62
) -> None:
    """Draw title and line; a title that is too long gets smaller, and at last is cut."""
    while size > 46 and len(_wrapped(poster.title, size, room)) > lines:
        size -= 4
    for line in _lines(poster.title, size, room, lines):
        picture.texts.append(Text(line, _MARGIN, top, size, LIGHT["ink"], bold=True))
        top += size * 1.15
    below = top - size * 1.15 + 54
    picture.texts.append(Text(_cut(poster.line, 34, room), _MARGIN, below, 34, LIGHT["muted"]))


def _cards(picture: Picture, poster: Poster, room: float) -> None:
    """Draw the cards side by side; values stand in a line, and sparklines are of one height."""
    count = max(2, len(poster.cards))
    width = (room - _GAP * (count - 1)) / count
    inner = width - 2 * _PAD
    most = max(len(_titles(card, inner)) for card in poster.cards)
    lefts = [_MARGIN + place * (width + _GAP) for place in range(len(poster.cards))]
    below: float = _CARD_TOP
    for card, left in zip(poster.cards, lefts, strict=True):
        fill, line = LIGHT["card"], LIGHT["line"]
        picture.shapes.append(Box(left, _CARD_TOP, width, _CARD_HEIGHT, fill, line, 2, radius=12))
        below = max(below, _card(picture, card, left + _PAD, inner, most))
    bottom = _CARD_TOP + _CARD_HEIGHT - 18
    height = min(bottom - 10 - below, _SPARK_MOST)
    if height >= _SPARK_LEAST:
        for card, left in zip(poster.cards, lefts, strict=True):
            size = inner - 12, height - 12  # room for the mark
            _sparkline(picture, card, left + _PAD, bottom - height + 6, size, poster.accent)


def _titles(card: Card, room: float) -> list[str]:
    return _lines(card.title, 23, room, 1 if card.report else 2)


def _card(picture: Picture, card: Card, left: float, room: float, title_lines: int) -> float:
    """Draw what is in a card above its sparkline, and return where that ends.

    Args:
        picture: Is drawn on.
        card: The KPI.
        left: Where its texts begin.
        room: Width between the card's sides.
        title_lines: For how many there is room.
    """
    top = _CARD_TOP + 14.0
    if card.report:
        top += 24
        report = _cut(card.report, 18, room)
        picture.texts.append(Text(report, left, top, 18, LIGHT["muted"]))
    for number, line in enumerate(_titles(card, room), 1):
        picture.texts.append(Text(line, left, top + 28 * number, 23, LIGHT["muted"]))
    size = 58  # smaller where it must be: a number is never cut
    while size > 14 and _wide(card.value, size) > room:
        size -= 2
    top += 28 * title_lines + 64
    picture.texts.append(Text(card.value, left, top, size, LIGHT["ink"], bold=True))
    if card.change:
        top += 38
        _change(picture, card, left, room, top)
        if card.versus and not _fits_beside(card, room):
            top += 27
            versus = _cut(card.versus, 21, room)
            picture.texts.append(Text(versus, left, top, 21, LIGHT["muted"]))
    elif card.target:
        top += 8
    for line in _lines(card.target, 21, room, 2) if card.target else ():
        top += 28
        colour = _COLOURS["good" if card.met else "bad"]
        picture.texts.append(Text(line, left, top, 21, colour))
    return top


def _change(picture: Picture, card: Card, left: float, room: float, top: float) -> None:
    colour = _COLOURS[card.verdict]
    if card.direction in _ARROWS:
        arrow = [(left + x, top + y) for x, y in _ARROWS[card.direction]]
        picture.shapes.append(Polygon(arrow, colour))
        left += 26
    change = _cut(card.change, 24, room)
    picture.texts.append(Text(change, left, top, 24, colour, bold=True))
    if card.versus and _fits_beside(card, room):
        at = left + _wide(card.change, 24) + 10
        picture.texts.append(Text(card.versus, at, top, 21, LIGHT["muted"]))


def _fits_beside(card: Card, room: float) -> bool:
    """Tell whether what a change is against has room in its line."""
    return 26 + _wide(card.change, 24) + 10 + _wide(card.versus, 21) <= room


def _sparkline(
    picture: Picture, card: Card, left: float, top: float, size: tuple[float, float], colour: str
) -> None:
    """Draw a sparkline, twice as bold as on a page, with a mark at the card's own value."""
    drawn = sparkline_lines(card.values, *size)
    lines = [Line([(left + x, top + y) for x, y in line], colour, 3.2) for line in drawn]
    picture.shapes += lines
    if lines and is_known(card.values[-1]):
        picture.shapes.append(Dot(*lines[-1].points[-1], 5.6, colour))


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
