"""Numbers as SVG has them: as short as a reader's eye allows."""

from __future__ import annotations


def percent(share: float) -> str:
    """Return a share of the frame's width or height, 0.5 as "50%"."""
    return f"{short(share * 100)}%"


def per_mille(share: float) -> str:
    """Return a share of the frame as a place in its view box of 1000 by 1000."""
    return short(share * 1000)


def short(value: float) -> str:
    """Return a number with at most two digits after the point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
