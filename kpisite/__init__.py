"""Turns data into a published, browsable archive of KPI reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kpisite.notebook import open_archive

__version__ = "0.1.0"
__all__ = ["__version__", "open_archive"]


def __getattr__(name: str) -> Any:
    """Import what needs pandas when it is asked for: `import kpisite` costs nothing."""
    if name == "open_archive":
        from kpisite.notebook import open_archive

        return open_archive
    raise AttributeError(f"module 'kpisite' has no attribute '{name}'")
