"""The language of the site that a view is shown on: see `kpisite.model.language`."""

from __future__ import annotations

from kpisite.model.language import Language, gettext, language, ngettext

__all__ = ["Language", "gettext", "language", "ngettext"]
