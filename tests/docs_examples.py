"""The examples of the guide, cut out of its pages."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "content" / "guide"
PAGES = [ROOT / "README.md", *sorted(GUIDE.rglob("*.md"))]

_BLOCK = re.compile(
    r"^(?:`(?P<file>[\w./-]+)`\n\n)?"
    r"(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)\}")


@dataclass(frozen=True)
class Example:
    """A fenced block."""

    page: Path
    line: int
    language: str
    text: str
    file: str
    """What the line above calls it; "" where it has no name."""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_report(self) -> bool:
        return self.language == "yaml" and bool(re.match(r"(#.*\n)*title:", self.text))

    @property
    def environment(self) -> dict[str, str]:
        """A value for each variable that it names: an URL where one must be."""
        urls = {"URL": "sqlite:///example.db", "WEBHOOK": "https://chat.example.org/hook"}
        return {
            name: next((url for end, url in urls.items() if name.endswith(end)), f"a-{name}")
            for name in _VARIABLE.findall(self.text)
        }


def examples(page: Path) -> list[Example]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        lines = match["text"].splitlines(keepends=True)
        shown = "".join(line.removeprefix(match["indent"]) for line in lines)
        line = text.count("\n", 0, match.start("language")) + 1
        found.append(Example(page, line, match["language"], shown, match["file"] or ""))
    return found


def write_files(page: Path, folder: Path) -> list[str]:
    """Write the blocks that have a file's name; return the names."""
    named = [example for example in examples(page) if example.file]
    for example in named:
        path = folder / example.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example.text, encoding="utf-8")
    return [example.file for example in named]


def run(
    folder: Path, command: str, *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command of this environment in a folder; its output is text."""
    return subprocess.run(
        [Path(sys.executable).parent / command, *arguments],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
