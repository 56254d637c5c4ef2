"""Asks a Python function: it takes a period and returns a DataFrame."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field, SecretStr, field_validator

from kpisite.datasources._python_import import function_of, raised_at
from kpisite.errors import DatasourceError, KpisiteError, nearest
from kpisite.plugins import Datasource, DatasourceContext, PluginOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from kpisite.plugins import Period

_FUNCTION = re.compile(r"(?P<module>[^:]+\.py|[A-Za-z_][\w.]*):(?P<name>[A-Za-z_][\w.]*)")


class PythonOptions(PluginOptions):
    """Which function is asked."""

    function: str
    """`package.module:function` of what is installed, or `kpis.py:function` of a file, whose path
    is relative to the report's folder."""
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    """Handed over by name, such as `{token: "${TOKEN}"}`, and shown nowhere."""

    @field_validator("function")
    @classmethod
    def _check_function(cls, function: str) -> str:
        if not _FUNCTION.fullmatch(function):
            raise ValueError(
                f"'{function}' is no function; write package.module:function or kpis.py:function"
            )
        return function


class Python(Datasource):
    """Answers with what a function returns."""

    Options = PythonOptions
    options: PythonOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self._function: Callable[..., Any] | None = None

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Call the function with the period, and with what else it asks for by name."""
        try:
            if self._function is None:
                module, _, name = self.options.function.rpartition(":")
                self._function = function_of(module, name, self.context.folder)
            return _plain(self._call(self._function, query, period, args), self._name)
        except DatasourceError as error:
            message, hint = map(self._clean, (error.message, error.hint))
            where = f"datasource '{self.context.id}'"
            raise DatasourceError(message, where=where, hint=hint) from None

    def _call(
        self, function: Callable[..., Any], query: str, period: Period, args: dict[str, Any]
    ) -> Any:
        secrets = {name: value.get_secret_value() for name, value in self.options.secrets.items()}
        given = _arguments(function, self._name, query, {**args, **secrets})
        try:
            return function(period, **given)
        except KpisiteError as error:
            raise DatasourceError(error.message, hint=error.hint) from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a function may raise anything
            said, _, more = str(error).strip().partition("\n")
            raised = f"{self._name} raised {type(error).__name__}{': ' if said else ''}{said}"
            module = self.options.function.rpartition(":")[0]
            hint = f"{raised_at(error, function, module)}\n{more}".strip()
            raise DatasourceError(raised, hint=hint) from None

    @property
    def _name(self) -> str:
        return f"{self.options.function}()"

    def _clean(self, text: str) -> str:
        for value in self.options.secrets.values():
            if secret := value.get_secret_value():
                text = text.replace(secret, "***")
        return text


def _arguments(
    function: Callable[..., Any], name: str, query: str, given: dict[str, Any]
) -> dict[str, Any]:
    """Return what is handed over by name; the query only to a function that asks for it.

    Raises:
        DatasourceError: The function does not take it, or wants more.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions in C have none
        return given
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    names = list(signature.parameters)[1:]
    if "query" in names:
        given = {"query": query, **given}
    elif query.strip():
        hint = f"Leave the query empty, or add a parameter: def {name.split(':')[-1][:-2]}"
        raise DatasourceError(f"{name} takes no query", hint=f"{hint}(period, query).")
    for key in given:
        if key not in names and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise DatasourceError(
                f"{name} has no parameter '{key}', which query_args or secrets name",
                hint=nearest(key, names),
            )
    try:
        signature.bind(None, **given)
    except TypeError as error:
        hint = "It is given the period, then query_args and secrets by their names."
        raise DatasourceError(f"{name}: {error}", hint=hint) from None
    return given


def _plain(frame: Any, name: str) -> pd.DataFrame:
    """Return a frame whose named index, as of a group, is made of columns."""
    if not isinstance(frame, pd.DataFrame):
        hint = "It has to return a pandas.DataFrame."
        raise DatasourceError(f"{name} returned {type(frame).__name__}", hint=hint)
    if all(level is None for level in frame.index.names):
        return frame
    try:
        return frame.reset_index()
    except ValueError as error:
        raise DatasourceError(f"{name} returned an index that fits no column: {error}") from None
