"""Print the lowest versions that pyproject.toml allows, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def main() -> None:
    """Print one `name==version` a line."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"]
    for requirement in wanted:
        name, version = re.match(r"([A-Za-z0-9_.-]+)>=([0-9][^,;]*)", requirement).groups()  # type: ignore[union-attr]
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
