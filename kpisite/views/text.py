"""The view `text`: Markdown whose words come from the author and whose numbers from data."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from jinja2 import TemplateSyntaxError, UndefinedError, meta
from jinja2.exceptions import SecurityError
from pydantic import Field, field_validator, model_validator

from kpisite.errors import ViewError, nearest
from kpisite.plugins import PluginOptions, Query, QueryOptions, View
from kpisite.views._text_template import TextEnvironment
from kpisite.views._text_values import AnyMetrics, Metrics, PeriodWords, rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd
    from jinja2 import Template

    from kpisite.plugins import Page

_ENVIRONMENT = TextEnvironment()
_ALWAYS = frozenset({"metrics", "period"})
_ONE_QUERY = frozenset({"rows", "frame"})


class Text(View):
    """Shows Markdown with Jinja; what comes from data is escaped."""

    class Options(PluginOptions):
        """Without a query, the text has the edition's metrics and period."""

        text: str
        """Markdown with Jinja: `{{ rows[0].delay | number(1) }}`, `{{ metrics.on_time }}`."""
        datasource: str = ""
        """Id of the datasource that answers `query`."""
        query: str = ""
        """Its answer stands in the text as `rows`, a list of mappings, and as `frame`."""
        query_args: dict[str, Any] = Field(default_factory=dict)
        """Passed on to the datasource with the query."""
        queries: dict[str, QueryOptions] = Field(default_factory=dict)
        """Several queries by name instead; each answer stands in the text under its name."""

        @field_validator("text")
        @classmethod
        def _valid_template(cls, value: str) -> str:
            try:
                _template(value)
            except TemplateSyntaxError as error:
                raise ValueError(f"line {error.lineno} of the text: {error.message}") from None
            return value

        @field_validator("queries")
        @classmethod
        def _valid_names(cls, value: dict[str, QueryOptions]) -> dict[str, QueryOptions]:
            taken = _ALWAYS | _ONE_QUERY | {"main"} | set(_ENVIRONMENT.globals)
            for name in value:
                if not name.isidentifier() or name in taken:
                    raise ValueError(
                        f"'{name}' cannot name a query: it is "
                        + ("taken" if name in taken else "no word of letters, digits and '_'")
                    )
            return value

        @model_validator(mode="after")
        def _check_together(self) -> Self:
            if bool(self.datasource) != bool(self.query):
                raise ValueError("'datasource' and 'query' go together")
            if self.query and self.queries:
                raise ValueError("'query' and 'queries' exclude each other")
            known = _ALWAYS | set(self.queries) | (_ONE_QUERY if self.query else set())
            used = meta.find_undeclared_variables(_ENVIRONMENT.parse(self.text))
            for name in sorted(used - known - set(_ENVIRONMENT.globals)):
                raise ValueError(f"the text uses '{name}'. {nearest(name, known)}")
            return self

    options: Options
    _metrics: frozenset[str] = frozenset()

    def queries(self) -> Mapping[str, Query]:
        """Return the queries by their names; the only one is `main`."""
        options = self.options
        if options.query:
            return {"main": Query(options.datasource, options.query, options.query_args)}
        return {
            name: Query(query.datasource, query.query, query.query_args)
            for name, query in options.queries.items()
        }

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse a text that uses what the frames do not have, before anything is recorded."""
        metrics = AnyMetrics()
        with suppress(ArithmeticError):  # the metrics are made up here, the page has the real ones
            self._render(frames, metrics=metrics, period=PeriodWords.sample())
        self._metrics = frozenset(metrics.asked)
        return ()

    def needed_metrics(self) -> Collection[str]:
        """Return those that the text has asked for when it was tried."""
        return self._metrics

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return the text, filled in."""
        metrics, period = Metrics(page.metrics), PeriodWords.of(page.period)
        try:
            return self._render(frames, metrics=metrics, period=period)
        except ArithmeticError as error:
            raise ViewError(f"in the text: {error}") from error

    def _render(self, frames: Mapping[str, pd.DataFrame], **values: Any) -> str:
        values |= {name: rows_of(frame) for name, frame in frames.items() if name != "main"}
        if "main" in frames:
            values |= {"rows": rows_of(frames["main"]), "frame": frames["main"]}
        try:
            return _template(self.options.text).render(**values)
        except (UndefinedError, SecurityError) as error:
            raise ViewError(f"in the text: {error}", hint=_there_is(values, frames)) from error
        except (TypeError, ValueError) as error:
            raise ViewError(f"in the text: {error}") from error


@functools.lru_cache(maxsize=256)
def _template(text: str) -> Template:
    """Return a compiled text; compiling takes much longer than filling it in."""
    return _ENVIRONMENT.from_string(text)


def _there_is(values: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> str:
    parts = [f"There is: {', '.join(sorted(values))}."]
    for name, frame in frames.items():
        called = "rows" if name == "main" else name
        columns = ", ".join(map(str, frame.columns))
        parts.append(f"{called} has {len(frame)} rows with: {columns}.")
        if frame.empty:
            parts.append(f"Write {{% if {called} %}} around what needs a row.")
    return " ".join(parts)
