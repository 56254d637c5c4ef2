"""What a datasource plugin is: a query in, a DataFrame out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kpisite.plugins.options import PluginOptions

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from kpisite.model.period import Period


@dataclass(frozen=True)
class DatasourceContext:
    """What a datasource is told about where it stands."""

    id: str
    """The datasource's id in the report."""
    folder: Path
    """The folder of the report's definition: relative paths in options start there."""


class Datasource(ABC):
    """Answers queries. One instance serves many periods; nothing connects before the first query.

    Queries of one instance never run at the same time. Where several editions run at once, each
    is lent an instance of its own, in a thread or in another process: what an instance keeps,
    the others do not see, and module variables are to be left alone.
    """

    Options: ClassVar[type[PluginOptions]] = PluginOptions
    """The plugin's options model."""

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        self.options = options
        self.context = context
        self._notes: list[str] = []

    @abstractmethod
    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer a query over a period.

        Args:
            query: In the source's own language; may contain the tokens of `kpisite.plugins.TOKENS`.
            period: What `{from}` and `{to}` stand for; `period.previous()` is the one before.
            **args: The view's `query_args`.

        Returns:
            The answer; empty, with its columns, where nothing matches.

        Raises:
            DatasourceError: The source cannot be reached or refuses the query; the message is
                the source's own and holds no secret.
        """

    def note(self, text: str) -> None:
        """Tell whoever runs the report what its views do not show of an answer: a part is missing.

        Called while a query is answered. It becomes a warning of each view that asked.
        """
        self._notes.append(text)

    def take_notes(self) -> tuple[str, ...]:
        """Return what was noted since the last call."""
        notes, self._notes = tuple(dict.fromkeys(self._notes)), []
        return notes

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back connections; called once, by any thread, also when no query ran."""
