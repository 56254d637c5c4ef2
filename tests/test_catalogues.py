"""The translations that are shipped: whole, and with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
CATALOGUES = sorted((ROOT / "site_template" / "locale").glob("*/LC_MESSAGES/kpisite.po"))
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2), "said": None}
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")


def texts() -> set[tuple[str, ...]]:
    """Return what templates, code and scripts say: a text, or one and many."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, KEYWORDS)
    return {(text,) if isinstance(text, str) else tuple(text) for _, _, text, *_ in found if text}


SAID = texts()


def test_there_are_texts_of_all_kinds() -> None:
    for text in ("sealed", "Compare two editions", "Both on the same scale."):
        assert (text,) in SAID
    assert ("{count} row", "{count} rows") in SAID


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_has_exactly_what_is_said(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    known = {m.id if isinstance(m.id, tuple) else (m.id,) for m in catalogue if m.id}
    plurals = {(one,) for one, *many in SAID if many}
    assert SAID - known - plurals == set(), "run `make words`, and translate what is new"
    assert known - SAID == set(), "run `make words`"
    assert not catalogue.obsolete
    for message in catalogue:
        assert not message.fuzzy or not message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_translations_have_the_same_placeholders(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if not message.id:
            continue
        several = isinstance(message.id, tuple)
        text = message.id[-1] if several else message.id
        strings = message.string[-1:] if several else (message.string,)
        for string in strings:
            assert sorted(PLACEHOLDER.findall(string)) == sorted(PLACEHOLDER.findall(text)), text
