"""Plugins get validated options, and their secrets stay theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import Field, SecretStr

from kpisite.errors import PluginError
from kpisite.model.base import StrictModel
from kpisite.model.definition import ViewDefinition
from kpisite.model.yaml_reader import read_yaml
from kpisite.plugins import Datasource, PluginOptions, Query, Variable, View
from kpisite.plugins.binding import Bound, bind, bind_view, check_queries, make_view
from kpisite.plugins.registry import Plugin

if TYPE_CHECKING:
    from collections.abc import Mapping


class Login(StrictModel):
    user: str
    password: SecretStr


class SecretOptions(PluginOptions):
    host: str = ""
    token: SecretStr = SecretStr("")
    passphrase: SecretStr | None = Field(default=None, alias="passwd")
    login: Login | None = None
    keys: list[SecretStr] = Field(default_factory=list)
    more: dict[str, Any] = Field(default_factory=dict, repr=False)


class Secretive(Datasource):
    Options = SecretOptions

    def query(self, query: str, period: Any, **args: Any) -> Any: ...


class Plain(View):
    def render_md(self, frames: Any, page: Any) -> str:
        return ""


class Exploding(Plain):
    def __init__(self, *args: Any) -> None:
        raise RuntimeError("boom")


class Speechless(Plain):
    def queries(self) -> Mapping[str, Query]:
        raise RuntimeError("boom")


def bound(args: dict[str, Any]) -> Bound:
    options = SecretOptions.model_validate(args)
    return Bound(Plugin("datasources", "secretive", Secretive), options)


WRITTEN = {
    "host": "db.example.org",
    "token": "hunter2",
    "passwd": "swordfish",
    "login": {"user": "me", "password": "s3same"},
    "keys": ["k3y-one", "k3y-two"],
}
SECRETS = {"hunter2", "swordfish", "s3same", "k3y-one", "k3y-two"}


def test_secrets_are_found_at_any_depth():
    assert bound(WRITTEN).secrets == SECRETS


def test_what_is_recorded_of_the_arguments_has_no_secret_at_any_depth():
    masked = bound(WRITTEN).masked(WRITTEN)
    assert not any(secret in str(masked) for secret in SECRETS)
    assert masked["host"] == "db.example.org"
    assert masked["login"]["user"] == "me"
    assert len(masked["keys"]) == 2


def test_of_an_option_that_no_repr_has_numbers_and_names_of_variables_are_recorded():
    more = {"password": "hunter2", "ssl": {"key": ["swordfish"]}, "port": 1, "user": "${NAME:-me}"}
    assert bound({"more": more}).masked({"more": more}) == {
        "more": {
            "password": "**********",
            "ssl": {"key": ["**********"]},
            "port": 1,
            "user": "${NAME}",
        }
    }


class FromOutside(PluginOptions):
    token: Annotated[SecretStr, Variable("SHOP_TOKEN")]
    loud: Annotated[bool, Variable("SHOP_LOUD")] = False


class Outsider(Secretive):
    Options = FromOutside


def test_an_option_may_come_from_a_variable_that_nobody_wrote():
    def token(args: str, environment: dict[str, str]) -> str:
        text = f"datasources: {{a: {{plugin: '{__name__}:Outsider', args: {args}}}}}"
        datasources, mistakes = bind("datasources", read_yaml(text, "r.yml", {}), environment)
        if mistakes:
            return f"{mistakes[0].message}. {mistakes[0].hint}"
        options = datasources["a"].options
        assert isinstance(options, FromOutside)
        return f"{options.token.get_secret_value()} {options.loud}"

    outside = {"SHOP_TOKEN": "hunter2", "SHOP_LOUD": "1", "OTHER": "x"}
    missing = "'token' is missing. Or set the environment variable SHOP_TOKEN."
    assert token("{}", outside) == "hunter2 True"
    assert token("{token: mine, loud: false}", outside) == "mine False"
    assert token("{}", {}) == missing
    assert token("{}", {"SHOP_TOKEN": "", "SHOP_LOUD": ""}) == missing


def test_of_a_variable_the_name_is_recorded_and_never_its_default():
    options = bound({"token": "filled-in", "passwd": "also", "login": WRITTEN["login"]})
    written = {"token": "${TOKEN}", "passwd": "${WORD:-fallback}", "host": "${HOST:-localhost}"}
    assert options.masked(written) == {
        "token": "${TOKEN}",
        "passwd": "${WORD}",
        "host": "${HOST:-localhost}",
    }


def test_text_around_a_variable_of_a_secret_is_hidden():
    assert bound({"token": "pre-x"}).masked({"token": "pre-${X}"}) == {"token": "**********"}


def test_a_secret_that_is_repeated_elsewhere_is_hidden_there_too():
    written = {"token": "hunter2", "host": "hunter2"}
    assert "hunter2" not in str(bound(written).masked(written))


def test_a_repr_has_no_option():
    assert "hunter2" not in repr(bound(WRITTEN))
    assert "example.org" not in repr(bound(WRITTEN))


def test_title_and_cols_in_args_are_not_the_plugins_options():
    source = read_yaml(
        "views: {a: {plugin: text, args: {title: x, cols: 2, description: y, text: hello}}}",
        "report.yml",
        {},
    )
    views, mistakes = bind("views", source, {})
    assert mistakes == []
    assert list(views) == ["a"]


def test_every_plugin_that_cannot_be_bound_is_a_mistake_in_its_line():
    text = """\
views:
  a: {plugin: tabel}
  b: {plugin: table, args: {datasorce: db}}
  c:
    plugin: 'kpisite.views.table:Tabel'
"""
    _, mistakes = bind("views", read_yaml(text, "report.yml", {}), {})
    assert [(m.line, m.path, m.message) for m in mistakes] == [
        (2, "views.a.plugin", "there is no view plugin 'tabel'"),
        (3, "views.b.args.datasource", "'datasource' is missing"),
        (3, "views.b.args.query", "'query' is missing"),
        (3, "views.b.args.datasorce", "unknown key 'datasorce'"),
        (
            5,
            "views.c.plugin",
            "view plugin 'kpisite.views.table:Tabel': module 'kpisite.views.table' has no "
            "attribute 'Tabel'",
        ),
    ]
    assert [m.hint for m in mistakes if m.hint] == [
        "Did you mean 'table'?",
        "Did you mean 'datasource'?",
    ]


@pytest.mark.parametrize("text", ["views: [a]", "views: {a: [b]}", "views: {a: {args: 3}}", "x: y"])
def test_sections_of_another_shape_are_left_to_the_reports_model(text: str):
    assert bind("views", read_yaml(text, "report.yml", {}), {}) == ({}, [])


def test_a_view_without_a_title_is_called_by_its_id_in_words():
    plugin = Bound(Plugin("views", "plain", Plain), PluginOptions())
    made = make_view("on_time-rate", ViewDefinition(plugin="plain"), plugin)
    assert made.title == "On time rate"


def test_a_view_that_explodes_is_a_plugin_error():
    plugin = Bound(Plugin("views", "exploding", Exploding), PluginOptions())
    with pytest.raises(PluginError, match="view plugin 'exploding' fails: RuntimeError: boom"):
        make_view("a", ViewDefinition(plugin="exploding"), plugin)


def test_a_recorded_view_whose_options_are_no_longer_taken_says_so():
    with pytest.raises(
        PluginError, match="no longer takes the options of this edition: datasource"
    ):
        bind_view("a", ViewDefinition(plugin="table", args={"max_rows": 3}))


def test_asking_a_datasource_that_is_not_there_is_a_mistake():
    text = """\
datasources: {warehouse: {plugin: duckdb}}
views:
  a:
    plugin: table
    args:
      datasource: warehose
      query: select 1
"""
    source = read_yaml(text, "report.yml", {})
    views, _ = bind("views", source, {})
    made = {"a": make_view("a", ViewDefinition(plugin="table"), views["a"])}
    [mistake] = check_queries(made, source)
    assert str(mistake) == (
        "report.yml:6: views.a.args.datasource: there is no datasource 'warehose' in this report\n"
        "    Did you mean 'warehouse'?"
    )


def test_a_view_that_cannot_say_what_it_asks_is_a_mistake():
    source = read_yaml("views:\n  a: {plugin: x}", "report.yml", {})
    [mistake] = check_queries({"a": Speechless("a", "A", PluginOptions())}, source)
    assert "report.yml:2: views.a: the view cannot say what it asks: RuntimeError: boom" in str(
        mistake
    )
