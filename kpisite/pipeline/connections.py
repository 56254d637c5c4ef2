"""The datasources of a report: made when they are needed, lent for a query, used again."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, cast

from kpisite.errors import DatasourceError
from kpisite.pipeline.answers import Answers
from kpisite.plugins.datasource import Datasource, DatasourceContext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.pipeline.loading import LoadedReport

log = logging.getLogger(__name__)


class Datasources:
    """Lends the datasources of a report to the editions that run at the same time.

    Queries of one instance never run at the same time: while one is lent, the next edition gets
    another. So there are as many instances of each as editions have asked it at once.
    """

    def __init__(self, report: LoadedReport) -> None:
        self._report = report
        self.answers = Answers()
        self._idle: dict[str, list[Datasource]] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def lent(self, id_: str) -> Iterator[Datasource]:
        """Lend an instance of the datasource of that id, the one that came back last.

        Raises:
            DatasourceError: The report has no such datasource.
        """
        with self._lock:
            idle = self._idle.setdefault(id_, [])
            datasource = idle.pop() if idle else None
        datasource = datasource or self._made(id_)
        try:
            yield datasource
        finally:
            with self._lock:
                idle.append(datasource)

    def close(self) -> None:
        """Give back all connections; one that fails to close spoils no answer."""
        for id_, idle in self._idle.items():
            while idle:
                try:
                    idle.pop().close()
                except Exception as error:  # noqa: BLE001 - a plugin's bug, after its work is done
                    log.warning("datasource '%s' did not close: %s", id_, type(error).__name__)

    def _made(self, id_: str) -> Datasource:
        bound = self._report.datasources.get(id_)
        if bound is None:
            raise DatasourceError(f"there is no datasource '{id_}' in this report")
        cls = cast("type[Datasource]", bound.plugin.cls)
        return cls(bound.options, DatasourceContext(id_, self._report.folder))
