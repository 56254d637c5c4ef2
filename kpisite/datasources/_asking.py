"""What datasources of services do around a query: name themselves, make a frame of their rows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kpisite.errors import DatasourceError, nearest
from kpisite.plugins.arrow import plain_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    import pandas as pd

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


def typed_frame(
    rows: Sequence[Sequence[Any]], schema: Sequence[tuple[str, pa.DataType]], zone: ZoneInfo
) -> pd.DataFrame:
    """Return rows whose kinds are known; without rows, the columns are there.

    Args:
        rows: Values in the order of the columns, None where one is missing.
        schema: Name and kind of each column.
        zone: The report's timezone.

    Raises:
        DatasourceError: A value is of another kind.
    """
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = []
    for values, (name, kind) in zip(columns, schema, strict=True):
        try:
            arrays.append(pa.array(values, kind))
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            raise DatasourceError(
                f"the service answered something for '{name}' that is no {kind}",
                hint="Check the address; is a proxy in between?",
            ) from None
    frame = plain_frame(pa.table(arrays, names=[name for name, _ in schema]), zone)
    texts = [name for name, kind in schema if pa.types.is_string(kind)]
    return frame.astype(dict.fromkeys(texts, "str"))  # also where all are missing
