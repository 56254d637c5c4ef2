"""From the answer of a service to a table: JSON, CSV or Parquet."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jmespath
import pyarrow as pa
from jmespath.exceptions import JMESPathError
from pyarrow import csv, parquet

from kpisite.errors import DatasourceError, nearest
from kpisite.plugins.arrow import table_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.datasources._http import Answer

_CELLS = "Is it whole, and what stands between its cells? query_args: {delimiter: ';'}."
FORMATS = ("json", "csv", "parquet")
_KINDS = {
    "application/json": "json",
    "text/json": "json",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
VALUE = "value"
"""The column of an answer that is one value, or a list of them."""


def table_of(answer: Answer, format_: str, select: str, delimiter: str) -> pa.Table:
    """Return an answer as a table.

    Args:
        answer: What came.
        format_: One of FORMATS; "" to go by the answer's type and the address.
        select: JMESPath of the part of JSON that is wanted; "" for all.
        delimiter: Between the cells of CSV; "" for a comma, or a tab where the type says so.

    Raises:
        DatasourceError: It is not what it says it is, or fits into no table.
    """
    kind = format_ or _format_of(answer)
    if kind not in FORMATS:
        raise DatasourceError(f"format is '{kind}'", hint=nearest(kind, FORMATS))
    if select and kind != "json":
        raise DatasourceError(
            f"select is for JSON, and {answer.place} answered {kind}", hint="Use sql instead."
        )
    if kind == "json":
        return _json_table(answer, select)
    try:
        return _csv_table(answer, delimiter) if kind == "csv" else _parquet_table(answer)
    except (pa.ArrowException, OSError, ValueError) as error:
        what, hint = ("CSV", _CELLS) if kind == "csv" else ("Parquet", "")
        raise DatasourceError(
            f"{answer.place} answered what is no {what}: {str(error).partition(chr(10))[0]}",
            hint=hint,
        ) from None


def _format_of(answer: Answer) -> str:
    ending = PurePosixPath(urlsplit(answer.url).path).suffix.removeprefix(".")
    if answer.kind in _KINDS or answer.kind.endswith("+json"):
        return _KINDS.get(answer.kind, "json")
    if answer.body.startswith(b"PAR1"):
        return "parquet"
    if ending in FORMATS and answer.kind != "text/html":
        return ending
    if not answer.body.strip():
        raise DatasourceError(f"{answer.place} answered nothing (status {answer.status})")
    raise DatasourceError(
        f"{answer.place} answered {answer.kind or 'no type'}: {answer.said[:80]}",
        hint=f"If it is the right address, say what it answers: format: {', '.join(FORMATS)}.",
    )


def _csv_table(answer: Answer, delimiter: str) -> pa.Table:
    tab = answer.kind == "text/tab-separated-values"
    body = answer.text.encode()
    return csv.read_csv(
        pa.BufferReader(body),
        csv.ReadOptions(block_size=len(body) + 1),  # types are those of all rows
        csv.ParseOptions(delimiter=delimiter or ("\t" if tab else ","), newlines_in_values=True),
    )


def _parquet_table(answer: Answer) -> pa.Table:
    return parquet.ParquetFile(pa.BufferReader(answer.body)).read()


def _json_table(answer: Answer, select: str) -> pa.Table:
    whole = answer.json()
    try:
        path = jmespath.compile(select) if select else None
        found = path.search(whole) if path else whole
        rows = [] if found is None else list(_rows(found))
    except JMESPathError as error:
        raise DatasourceError(f"select: {str(error).partition(chr(10))[0]}") from None
    if found is None:
        hint = f"There is: {', '.join(whole)}." if isinstance(whole, dict) else ""
        what = "select finds nothing in the answer" if select else "the answer is null"
        raise DatasourceError(what, hint=hint)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if path and not rows:
        names = _names(path.parsed)
    try:
        return table_of_rows(names, [[row.get(name) for name in names] for row in rows])
    except DatasourceError as error:
        hint = "Make it one kind in select: to_string(…), to_number(…)."
        raise DatasourceError(error.message, hint=hint) from None


def _rows(found: Any) -> Iterator[dict[str, Any]]:
    """Yield a row for each object or value of a list, or the only one."""
    records = found if isinstance(found, list) else [found]
    if len({isinstance(record, dict) for record in records}) > 1:
        raise DatasourceError(
            "the answer's list holds objects and other values", hint="Select one of them."
        )
    for record in records:
        if isinstance(record, list):
            raise DatasourceError(
                "the answer is a list of lists",
                hint="Name their parts in select: rows[*].{time: [0], count: [1]}.",
            )
        yield dict(_cells(record, "")) if isinstance(record, dict) else {VALUE: record}


def _cells(record: dict[str, Any], within: str) -> Iterator[tuple[str, Any]]:
    """Yield column and value; an object in an object makes `outer.inner`, a list is JSON."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _cells(value, f"{within}{name}.")
        elif isinstance(value, list):
            yield f"{within}{name}", json.dumps(value, ensure_ascii=False)
        else:
            yield f"{within}{name}", value


def _names(node: dict[str, Any]) -> list[str]:
    """Return the columns that a path names itself, so that they are there without a row."""
    kind, children = node["type"], node["children"]
    if kind == "multi_select_dict":
        return [pair["value"] for pair in children]
    has_path = ("projection", "filter_projection", "value_projection", "pipe", "subexpression")
    return _names(children[1]) if kind in has_path else []
