"""The colours and the fonts of a report of its own, as CSS variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.model.definition import Theme

_UI = {"ink": 0, "muted": 1, "card": 4}
"""Variable → its place in `ui_colors`."""
_GENERIC = ("serif", "sans-serif", "monospace", "system-ui", "cursive", "fantasy")
"""Families that CSS knows without quotes only."""


def css_variables(theme: Theme) -> str:
    """Return declarations for a `style` attribute; "" where a theme has nothing of its own."""
    return ";".join(f"--kpi-{name}:{value}" for name, value in _variables(theme))


def _variables(theme: Theme) -> Iterator[tuple[str, str]]:
    for number, colour in enumerate(theme.series_colors, 1):
        yield f"series-{number}", colour
    for name, place in _UI.items():
        for colour in theme.ui_colors[place : place + 1]:
            yield name, f"light-dark({colour},var(--kpi-dark-{name}))"
    for name, colours in (("bad", theme.error_colors), ("good", theme.success_colors)):
        if colours:
            yield name, f"light-dark({colours[0]},{colours[-1]})"
    families = [name.strip() for name in theme.heading_font.split(",") if name.strip()]
    if families:
        said = (name if name in _GENERIC else f"'{name}'" for name in families)
        yield "heading-font", f"{','.join(said)},var(--kpi-font)"
