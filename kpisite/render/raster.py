"""Charts as PNG, for what shows no SVG: mail, chat programs.

The font is shipped and those of the machine are left alone, so that text shows where none is
installed, and the same drawing gives the same bytes everywhere.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from kpisite.errors import KpisiteError

FONT = "Roboto"
"""The family of the shipped font; it has a regular and a bold face, and tabular figures."""

REGULAR, BOLD = (
    str(Path(__file__).parent / "fonts" / name)
    for name in ("Roboto-Regular.ttf", "Roboto-Bold.ttf")
)
"""Its files."""

_UNKNOWN = re.compile(
    "[^\n\t -~\u00a0-\u024f\u0300-\u0304\u0306-\u0308\u030a-\u030c\u0327\u0328\u0370-\u0377"
    "\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03e1\u03f0-\u045f\u0490\u0491"
    "\u1e00-\u1eff\u2000-\u2027\u202f-\u205f\u2070\u2071\u2074-\u208e\u2090-\u209c\u20a0-\u20be"
    "\u2116\u2117\u2122\u2126\u2202\u2206\u220f\u2211\u2212\u221a\u221e\u222b\u2248\u2260\u2264"
    "\u2265\u25ca\ufb01\ufb02]"
)
"""A character that the shipped font does not have."""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What HTML may hold, and XML must not."""


def can_draw() -> bool:
    """Tell whether the extra that `png` needs is installed."""
    return importlib.util.find_spec("resvg_py") is not None


def is_in_font(text: str) -> bool:
    """Tell whether the shipped font has all characters of a text."""
    return _UNKNOWN.search(text) is None


def png(svg: str, scale: float = 2.0) -> bytes:
    """Return an SVG as a PNG.

    Texts with characters that the shipped font lacks, such as Chinese ones, are also drawn with the
    machine's fonts: those pictures may differ between machines.

    Args:
        svg: Says its size in pixels, and needs nothing from elsewhere; see `fixed_svg`.
        scale: Pixels of the picture for one of the SVG: 2 is sharp on screens of phones.

    Raises:
        KpisiteError: The extra is not installed, or it is no SVG.
    """
    svg = well_formed(svg)
    try:
        import resvg_py
    except ImportError as error:
        raise KpisiteError(
            "pictures need resvg-py, which is not installed",
            hint="Install it: pip install 'kpisite[mail]'",
        ) from error
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                zoom=scale,
                skip_system_fonts=is_in_font(svg),
                font_files=[REGULAR, BOLD],
                font_family=FONT,
                sans_serif_family=FONT,
            )
        )
    except ValueError as error:
        raise KpisiteError(f"a picture could not be drawn: {error}") from error


def well_formed(text: str) -> str:
    """Return HTML or SVG without the characters that XML must not hold."""
    return _FORBIDDEN.sub("", text)
