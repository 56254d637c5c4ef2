"""Print the lowest versions that pyproject.toml allows, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

DEVELOPERS = ("dev", "tools")
"""Extras that are not for users: the newest versions will do."""
REQUIREMENT = r"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?>=([0-9][^,;]*)"


def main() -> None:
    """Print one `name==version` a line."""
    file = Path(__file__).parent.parent / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    shipped = [extras[name] for name in extras if name not in DEVELOPERS]
    lowest = {}
    for requirement in chain(project["dependencies"], *shipped):
        name, version = re.match(REQUIREMENT, requirement).groups()  # type: ignore[union-attr]
        lowest[name] = version
    for name, version in lowest.items():
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
