"""The colours of pages, by name: in SVG and CSS they follow the palette."""

from __future__ import annotations

LIGHT = {
    "page": "#f7f8fa",
    "card": "#ffffff",
    "ink": "#16202c",
    "muted": "#5b6776",
    "faint": "#8a95a2",
    "line": "#e3e7ec",
    "grid": "#edf0f3",
    "accent": "#2563c9",
    "good": "#157347",
    "bad": "#b3261e",
}
"""The page's colours by name, in the light palette."""
SERIES = ("#2563c9", "#c2680c", "#0b8276", "#8b3fbf", "#a8326b", "#6d7278", "#7a6a00")
"""The colours of series in the light palette, which stay apart for the colour-blind."""


def colour(name: str) -> str:
    """Return a colour of the page for SVG and CSS, by its name in `LIGHT`."""
    return f"var(--kpi-{name},{LIGHT[name]})"


def series_colour(position: int) -> str:
    """Return the colour of a series of the page, for SVG and CSS."""
    number = position % len(SERIES)
    return f"var(--kpi-series-{number + 1},{SERIES[number]})"
