"""What a publish has done or would do, as a table, as plans, or as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from kpisite.cli.terminal import count, say, table, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.pipeline.due import Choice
    from kpisite.pipeline.publish import OutputResult

WRONG = ("failed", "partly", "held")
"""How an output ended where not all of it arrived."""
_SHOWN_LINES = 20


def print_results(results: Sequence[OutputResult], choice: Choice, *, as_json: bool) -> None:
    """Print what was done, and what went wrong."""
    if as_json:
        say(json.dumps([dataclasses.asdict(result) for result in results], ensure_ascii=False))
    elif choice.dry_run:
        _print_plans(results)
    elif results:
        rows = [(_name(r), r.plugin, r.target, r.status, _what(r)) for r in results]
        table(("OUTPUT", "PLUGIN", "TARGET", "STATUS", "WHAT"), rows)
    for result in results:
        if result.status in WRONG:
            tell(f"Error: {_name(result)}: {result.message}")


def _name(result: OutputResult) -> str:
    outputs = ", ".join(result.outputs)
    return f"{outputs}, {result.edition.rpartition('/')[2]}" if result.edition else outputs


def _what(result: OutputResult) -> str:
    parts = [
        f"{name.replace('_', ' ')}: {value}" if isinstance(value, str) else _counted(value, name)
        for name, value in result.details.items()
    ]
    if result.recorded and not result.edition:
        parts.append(f"{count(result.recorded, 'edition')} recorded")
    return ", ".join(parts)


def _counted(number: int, names: str) -> str:
    return f"{number} {names.removesuffix('s') if number == 1 else names}"


def _print_plans(results: Sequence[OutputResult]) -> None:
    for result in results:
        if result.status in WRONG:
            continue
        say(f"{_name(result)} ({result.plugin}) to {result.target}:")
        for line in result.plan[:_SHOWN_LINES] or ("nothing to do",):
            say(f"  {line}")
        if len(result.plan) > _SHOWN_LINES:
            say(f"  and {count(len(result.plan) - _SHOWN_LINES, 'more line')}")
