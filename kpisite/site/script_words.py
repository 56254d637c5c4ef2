"""The words of the scripts in the language of the site."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kpisite.model.language import Language

_SAID = re.compile(r'\bsaid\("((?:[^"\\]|\\.)*)"')


def script_words(folders: Iterable[str], path: str, language: Language) -> str:
    """Return the script that has all words, with those of a language.

    Args:
        folders: Of the theme; the first that has a script wins.
        path: Of the script, below such a folder; the scripts beside it say the words.
        language: Of the site.

    Returns:
        The script, "" where none of the words are translated.
    """
    scripts = dict[str, Path]()
    for folder in folders:
        for script in sorted(Path(folder, path).parent.glob("*.js")):
            scripts.setdefault(script.name, script)
    words = {}
    for text in _said(scripts.values()):
        translated = language.words.gettext(text)
        if translated != text:
            words[text] = translated
    if not words:
        return ""
    own = scripts[Path(path).name].read_text(encoding="utf-8")
    return f"window.kpiWords = {json.dumps(words, ensure_ascii=False, indent=1)};\n{own}"


def _said(scripts: Iterable[Path]) -> Iterator[str]:
    for script in scripts:
        for text in _SAID.findall(script.read_text(encoding="utf-8")):
            yield json.loads(f'"{text}"')
