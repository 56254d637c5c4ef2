"""A chart's SVG as pages hold it, made for one size and without a stylesheet.

What a browser's layout and the container queries of `kpisite.css` decide is decided here. It works
on the text of the SVG, whatever marks are in it: places become pixels, colours those of the light
palette, and labels without room are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from kpisite.errors import KpisiteError
from kpisite.plugins.svg import LIGHT, SERIES, TEXT_SIZE, WIDE
from kpisite.render.raster import FONT, well_formed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SVG = "{http://www.w3.org/2000/svg}"
_SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_MIDDLE = 0.34
"""From the baseline up to the middle of a text's box, in text sizes of the shipped font."""

_VARIABLE = re.compile(r"var\(\s*--([\w-]+)\s*(?:,((?:[^()]|\([^()]*\))*))?\)")
_PATH = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ALONG = {"x": 0, "x1": 0, "x2": 0, "cx": 0, "dx": 0, "rx": 0, "width": 0} | {
    "y": 1, "y1": 1, "y2": 1, "cy": 1, "dy": 1, "ry": 1, "height": 1,
}  # fmt: skip
"""Attributes that are lengths → the side that their percentages are of: width or height."""
_PAIRS = {"M": "xy", "L": "xy", "T": "xy", "H": "x", "V": "y", "C": "xyxyxy", "S": "xyxy"} | {
    "Q": "xyxy", "A": "xy---xy", "Z": "",
}  # fmt: skip
"""Commands of a path → what each of their numbers is along; `-`: neither."""
_DROPPED = ("class", "style", "vector-effect", "overflow", "tabindex", "focusable", "role")
_NAMED = {f"kpi-{name}": value for name, value in LIGHT.items()} | {
    f"kpi-series-{number}": value for number, value in enumerate(SERIES, 1)
}


@dataclass(frozen=True)
class _Room:
    """What the places of an element are measured in."""

    size: tuple[float, float]
    """Of the frame, in its own units: what 100 % is."""
    scale: tuple[float, float] = (1, 1)
    """Pixels for one of these units."""
    leans: bool = False
    """Whether labels below lean, as the container queries decide."""
    below: bool = False
    """Whether this is in the group of labels below the frame."""


def fixed_svg(svg: str, width: int, height: int, *, title: str = "", background: str = "") -> str:
    """Return a chart as an SVG of one size that needs no stylesheet, in the light palette.

    Args:
        svg: As `Canvas.svg` and `sparkline_svg` return it, and pages hold it.
        width: Of the chart with its borders, in pixels.
        height: Of the chart with its borders, in pixels.
        title: What it shows, in words.
        background: A colour; "" for none.

    Raises:
        KpisiteError: It is no SVG.
    """
    text = well_formed(svg)
    try:
        source = ET.fromstring(text.replace("<svg", f"<svg {_SPACES}", 1))  # noqa: S314 - our own
    except ET.ParseError as error:
        raise KpisiteError(f"a chart's drawing cannot be read: {error}") from error
    size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
    font = {"font-family": FONT, "font-size": source.get("font-size", str(TEXT_SIZE))}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, **font})
    if title:
        ET.SubElement(root, "title").text = title
    if background:
        ET.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": background})
    frame = ET.SubElement(root, "g")
    if source.get("viewBox"):
        left, top, across, down = map(float, source.get("viewBox", "").split())
        scale = min(width / across, height / down)
        frame.set("transform", f"scale({_short(scale)}) translate({_short(-left)} {_short(-top)})")
        room = _Room((across, down))
    else:
        borders = _declared(source.get("style", ""))
        classes = _classes(source)
        leans = any(_leans(name, width) for name in classes)
        narrow = borders.get("--kpi-r-narrow") if width < WIDE else None
        right = _pixels(narrow or borders.get("--kpi-r"))
        bottom = _pixels(borders.get("--kpi-b-lean" if leans else "--kpi-b"))
        left, top = _pixels(borders.get("--kpi-l")), _pixels(borders.get("--kpi-t"))
        frame.set("transform", f"translate({_short(left)} {_short(top)})")
        room = _Room((width - left - right, height - top - bottom), leans=leans)
    frame.extend(_copies(source, room, width))
    return ET.tostring(root, encoding="unicode")


def fill_colours(text: str, own: Mapping[str, str] | None = None) -> str:
    """Return SVG or an attribute of it with colours in the place of CSS variables.

    Args:
        text: May have `var(--kpi-ink)`, with or without a fallback, which wins.
        own: Names of variables without `--` → colours, for others than those of the light palette.
    """
    names = {**_NAMED, **(own or {})}
    found = _VARIABLE.sub(lambda match: (match[2] or names.get(match[1], "none")).strip(), text)
    return found.replace("currentColor", names["kpi-ink"])


def _copies(parent: ET.Element, room: _Room, width: int) -> Iterator[ET.Element]:
    """Yield what stands for the children of an element in the fixed SVG."""
    for child in parent:
        if not _is_hidden(child, width):
            yield _copy(child, room, width)


def _copy(element: ET.Element, room: _Room, width: int) -> ET.Element:
    name = element.tag.removeprefix(_SVG)
    if name == "svg":
        return _nested(element, room, width)
    attributes = {
        key: fill_colours(value)
        for key, value in {**element.attrib, **_declared(element.get("style", ""))}.items()
        if _is_kept(key)
    }
    for key, value in list(attributes.items()):
        if key in _ALONG:
            attributes[key] = _length(value, room, _ALONG[key])
        elif key == "r":
            attributes[key] = _length(value, room, 0)
        elif key == "d":
            attributes[key] = _path(value, room.scale)
        elif key == "points":
            attributes[key] = _path(value, room.scale, "xy")
    if name == "text" and room.below:
        _stand_below(attributes, leans=room.leans)
    made = ET.Element("g" if name == "a" else name, attributes)
    made.text, made.tail = element.text, element.tail
    below = room.below or "kpi-below" in _classes(element)
    made.extend(_copies(element, replace(room, below=below), width))
    return made


def _nested(element: ET.Element, room: _Room, width: int) -> ET.Element:
    """Return a group that stands for an `svg` in another."""
    x, y = (_length(element.get(key, "0"), room, side) for side, key in enumerate("xy"))
    made = ET.Element("g", {"transform": f"translate({x} {y})"} if (x, y) != ("0", "0") else {})
    across = float(_length(element.get("width", "100%"), room, 0))
    down = float(_length(element.get("height", "100%"), room, 1))
    inner = _Room((across, down))
    if (box := element.get("viewBox")) is not None:  # all of ours are stretched, from 0 0
        units = (float(box.split()[2]), float(box.split()[3]))
        inner = _Room(units, (across / units[0], down / units[1]))
    made.extend(_copies(element, inner, width))
    return made


def _stand_below(attributes: dict[str, str], *, leans: bool) -> None:
    """Align a label below the frame; one that leans turns about the middle of its end."""
    attributes.setdefault("text-anchor", "end" if leans else "middle")
    if leans:
        x, y = (float(attributes.get(key, "0")) for key in "xy")
        x += float(attributes.get("dx", "0"))
        y += float(attributes.get("dy", "0")) - _MIDDLE * TEXT_SIZE
        attributes["transform"] = f"rotate(-45 {_short(x)} {_short(y)})"


def _is_hidden(element: ET.Element, width: int) -> bool:
    """Tell whether `kpisite.css` shows an element in no chart of this width."""
    for name in _classes(element):
        if name == "kpi-never" or (name == "kpi-wide" and width < WIDE):
            return True
        if name.startswith("kpi-from-") and width < int(name.removeprefix("kpi-from-")):
            return True
    return False


def _leans(name: str, width: int) -> bool:
    """Tell whether a class of a chart makes its labels lean at this width."""
    if not name.startswith("kpi-lean"):
        return False
    below = name.removeprefix("kpi-lean").removeprefix("-")
    return not below or width < int(below)


def _is_kept(key: str) -> bool:
    own = key in _DROPPED or key.startswith(("aria-", "data-", "--", "{"))
    return not own


def _classes(element: ET.Element) -> list[str]:
    return element.get("class", "").split()


def _declared(style: str) -> dict[str, str]:
    """Return the declarations of a `style` attribute."""
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _length(value: str, room: _Room, side: int) -> str:
    """Return a length in pixels."""
    number = _pixels(value)
    if value.endswith("%"):
        number *= room.size[side] / 100
    return _short(number * room.scale[side])


def _pixels(value: str | None) -> float:
    """Return the number of a length; the unit is left to the caller."""
    return float((value or "0").removesuffix("%").removesuffix("px"))


def _path(path: str, scale: tuple[float, float], along: str = "") -> str:
    """Return a path in pixels.

    Args:
        path: Commands and numbers.
        scale: Pixels for one of their units, across and down.
        along: What the numbers before the first command are along.
    """
    if scale == (1, 1):
        return path
    factors, position, made = {"x": scale[0], "y": scale[1], "-": 1.0}, 0, list[str]()
    for part in _PATH.findall(path):
        if part.isalpha():
            along, position = _PAIRS[part.upper()], 0
            made.append(part)
        else:
            made.append(_short(float(part) * factors[along[position % len(along)]]) + " ")
            position += 1
    return "".join(made).rstrip()


def _short(value: float) -> str:
    """Return a number with at most two digits after the point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
