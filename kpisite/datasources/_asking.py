"""What datasources of services do around a query: name themselves, say what is missing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from kpisite.errors import DatasourceError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.plugins import DatasourceContext


@contextmanager
def named(context: DatasourceContext) -> Iterator[None]:
    """Say in errors of a block which datasource they are of, and nothing of what they come from.

    Raises:
        DatasourceError: Whenever the block does.
    """
    try:
        yield
    except DatasourceError as error:
        where = f"datasource '{context.id}'"
        raise DatasourceError(error.message, where=where, hint=error.hint) from None


def check_query(query: str, known: Sequence[str]) -> None:
    """Refuse a query that a service does not have.

    Raises:
        DatasourceError: It is not one of those that are known.
    """
    if query not in known:
        raise DatasourceError(f"there is no query '{query}'", hint=nearest(query, known))


@contextmanager
def without_extra(package: str, extra: str) -> Iterator[None]:
    """Say what to install where a block cannot import something.

    Args:
        package: What is imported.
        extra: The extra of kpisite that brings it.

    Raises:
        DatasourceError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError:
        raise DatasourceError(
            f"this needs the package '{package}'", hint=f"pip install 'kpisite[{extra}]'"
        ) from None
