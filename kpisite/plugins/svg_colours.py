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
HEAT = ("#dfeaf8", "#bcd5f2", "#94bbe9", "#6c9fdf", "#3a72c4", "#22549f", "#123569")
"""The colours of values from low to high in the light palette, each darker than the one before."""
HEAT_PALE = 4
"""So many of them are near the page's own ground: ink is read on them, on the others the card."""


def colour(name: str) -> str:
    """Return a colour of the page for SVG and CSS, by its name in `LIGHT`."""
    return f"var(--kpi-{name},{LIGHT[name]})"


def series_colour(position: int) -> str:
    """Return the colour of a series of the page, for SVG and CSS."""
    number = position % len(SERIES)
    return f"var(--kpi-series-{number + 1},{SERIES[number]})"


def heat_colour(step: int) -> str:
    """Return the colour of a step from low to high, for SVG and CSS."""
    return f"var(--kpi-heat-{step + 1},{HEAT[step]})"
