"""Contract tests for plugin authors: subclass one, say what is tested, and pytest does the rest."""

import pytest

# ruff: noqa: E402 - pytest shows the values of a failed assertion if it knows the module before
pytest.register_assert_rewrite(
    *(
        f"{__name__}.{name}"
        for name in ("datasource", "edition_output", "output", "site_output", "view")
    )
)

from kpisite.testing.datasource import PLAIN_TEXT, ROWS, DatasourceContract, Row
from kpisite.testing.edition_output import EditionDriverContract
from kpisite.testing.site_output import SiteDriverContract
from kpisite.testing.view import HOSTILE, MemoryPage, ViewContract

__all__ = [
    "HOSTILE",
    "PLAIN_TEXT",
    "ROWS",
    "DatasourceContract",
    "EditionDriverContract",
    "MemoryPage",
    "Row",
    "SiteDriverContract",
    "ViewContract",
]
