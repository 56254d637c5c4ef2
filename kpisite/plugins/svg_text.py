"""How wide texts are that a browser will draw, without a browser."""

from __future__ import annotations

import unicodedata

TEXT_SIZE = 11
"""Of all texts in charts, in CSS pixels."""

_NARROW, _WIDE = frozenset("iljtfrI.,:;|!'()[]- "), frozenset("mwMW@%—…")


def text_width(text: str) -> float:
    """Return about how many CSS pixels a text of 11 px is wide; rather more than less."""
    pixels = 0.0
    for character in text:
        if character in _NARROW:
            pixels += 4.2
        elif character in _WIDE:
            pixels += 9.8
        elif character.isascii():
            pixels += 7.1
        elif not unicodedata.combining(character):
            pixels += 11 if unicodedata.east_asian_width(character) in "WF" else 7.1
    return pixels
