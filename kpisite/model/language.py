"""The language of a site: its words, its dates and its numbers.

One language is spoken at a time: a build says which with `speaking`, and everything below asks
`gettext`, `ngettext` and `language`. Dates and numbers come from the CLDR, through Babel.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import GNUTranslations, NullTranslations
from typing import TYPE_CHECKING

from babel.core import Locale, UnknownLocaleError
from babel.dates import DateTimePattern, get_day_names, get_month_names, parse_pattern
from babel.numbers import get_currency_symbol

from kpisite.errors import KpisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

DOMAIN = "kpisite"
"""Name of the catalogues: `<language>/LC_MESSAGES/kpisite.po`."""
_ENGLISH = "en"
_REGIONS = {"en": "en_GB"}
"""Of a language without a region, where the one that Babel takes is not meant."""
_DAY_FIRST = re.compile(r"d+\.?")


@dataclass(frozen=True)
class Language:
    """How a site says things."""

    tag: str = _ENGLISH
    """As the theme's option `language` has it: `de`, `pt-BR`."""
    words: NullTranslations = field(default_factory=NullTranslations, repr=False)
    digest: str = ""
    """Of the catalogue."""

    @functools.cached_property
    def locale(self) -> Locale:
        """The CLDR's data; that of English where Babel does not know the language."""
        names = [self.tag.replace("-", "_"), self.tag.partition("-")[0], _ENGLISH]
        for name in names:
            try:
                return Locale.parse(_REGIONS.get(name, name))
            except (UnknownLocaleError, ValueError):
                continue
        raise AssertionError  # pragma: no cover - Babel knows English

    @functools.cached_property
    def months(self) -> tuple[str, ...]:
        """Short names as they stand alone: "Jan", "Feb"."""
        names = get_month_names("abbreviated", "stand-alone", self.locale)
        return tuple(names[number] for number in range(1, 13))

    @functools.cached_property
    def weekdays(self) -> tuple[str, ...]:
        """Short names as they stand alone, from Monday on: "Mon", "Tue"."""
        names = get_day_names("abbreviated", "stand-alone", self.locale)
        return tuple(names[number] for number in range(7))

    def day(self, day: date) -> str:
        """Return "4 February 2013"."""
        return self._long.apply(day, self.locale)

    def day_and_month(self, day: date) -> str:
        """Return "4 February"."""
        return self._day_and_month.apply(day, self.locale)

    def month_and_year(self, day: date) -> str:
        """Return "February 2013"."""
        return self._month_and_year.apply(day, self.locale)

    def month(self, day: date) -> str:
        """Return "February", as it stands alone."""
        return parse_pattern("LLLL").apply(day, self.locale)

    def day_of_month(self, day: date) -> str | None:
        """Return "4" as it stands before a month; None where dates do not begin with the day."""
        begin = _DAY_FIRST.match(self._long.pattern)
        return None if begin is None else parse_pattern(begin[0]).apply(day, self.locale)

    def number(self, text: str) -> str:
        """Return a number like `6,104.5` as it is written here."""
        return text.translate(self._separators) if self._separators else text

    def money(self, amount: str, currency: str) -> tuple[str, str]:
        """Return an amount with its currency, and what stands behind it as a unit.

        Args:
            amount: Without its sign.
            currency: ISO 4217 code.
        """
        symbol = get_currency_symbol(currency, self.locale).removeprefix("US")
        before = self.locale.currency_formats["standard"].pattern.startswith("¤")
        return (f"{symbol}{amount}", "") if before and symbol != currency else (amount, symbol)

    @functools.cached_property
    def _decimal(self) -> str:
        return self._symbols["decimal"]

    @functools.cached_property
    def _group(self) -> str:
        return self._symbols["group"]

    @functools.cached_property
    def _symbols(self) -> dict[str, str]:
        symbols: dict[str, str] = self.locale.number_symbols["latn"]
        return symbols

    @functools.cached_property
    def _separators(self) -> dict[int, str]:
        """What to replace in a number as Python writes it; empty where it is written so here."""
        symbols = {",": self._group, ".": self._decimal}
        return str.maketrans(symbols) if any(a != b for a, b in symbols.items()) else {}

    @functools.cached_property
    def _long(self) -> DateTimePattern:
        return parse_pattern(self.locale.date_formats["long"])

    @functools.cached_property
    def _day_and_month(self) -> DateTimePattern:
        return self._skeleton("MMMMd")

    @functools.cached_property
    def _month_and_year(self) -> DateTimePattern:
        return self._skeleton("yMMMM")

    def _skeleton(self, name: str) -> DateTimePattern:
        return parse_pattern(self.locale.datetime_skeletons[name])


ENGLISH = Language()
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def language() -> Language:
    """Return the language that is spoken now."""
    return _spoken.get()


def gettext(text: str) -> str:
    """Return a text in the language that is spoken now; as it is, where nobody translated it."""
    return _spoken.get().words.gettext(text) if text else ""


def ngettext(one: str, many: str, count: int) -> str:
    """Return a text for a count in the language that is spoken now."""
    return _spoken.get().words.ngettext(one, many, count)


def speak(spoken: Language) -> None:
    """Speak a language from now on."""
    _spoken.set(spoken)


@contextmanager
def speaking(spoken: Language) -> Iterator[None]:
    """Speak a language for a while."""
    before = _spoken.set(spoken)
    try:
        yield
    finally:
        _spoken.reset(before)


def read_language(tag: str, folders: Sequence[Path]) -> Language:
    """Return a language with its words.

    Args:
        tag: As the theme's option `language` has it.
        folders: Where catalogues are looked up, the first that has one wins; without any, words
            are English, dates and numbers are not.

    Raises:
        KpisiteError: A catalogue cannot be read.
    """
    plain = Language(tag)
    names = dict.fromkeys([tag, tag.replace("-", "_"), tag.partition("-")[0]])
    paths = [folder / name / "LC_MESSAGES" / f"{DOMAIN}.po" for name in names for folder in folders]
    for path in paths:
        if path.is_file():
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            return Language(tag, _translations(content, plain.locale, path), digest)
    return plain


def _translations(content: bytes, locale: Locale, path: Path) -> GNUTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    compiled = io.BytesIO()
    try:
        write_mo(compiled, read_po(io.BytesIO(content), locale, abort_invalid=True))
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise KpisiteError(
            f"the catalogue cannot be read: {error}",
            where=str(path),
            hint="It is a .po file as Babel, Poedit or gettext write it.",
        ) from error
    compiled.seek(0)
    return GNUTranslations(compiled)
