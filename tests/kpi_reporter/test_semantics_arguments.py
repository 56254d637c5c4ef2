"""Each plugin of KPI Reporter is there under its name, and takes each of its arguments."""

from __future__ import annotations

from typing import Any

import pytest

from kpisite.plugins.registry import load

ASK = {"datasource": "db", "query": "select 1", "query_args": {"parse_dates": ["time"]}}
PLOT = {
    "time_column": "day",
    "stacked": True,
    "groupby": "shop",
    "label_map": {"a": "A"},
    "legend": {"loc": "lower left", "ncol": 4, "bbox_to_anchor": [0, -0.5]},
    "bar_labels": True,
    "xtick_rotation": 45,
    "plot_rc": {"lines.linewidth": 1, "figure.dpi": 300},
    "link_url": "https://example.org",
}
MAIL = {"email_from": "kpi@example.org", "email_to": "team@example.org"}
ARGUMENTS: list[tuple[Any, str, dict[str, Any]]] = [
    (
        "datasources",
        "sql",
        {"driver": "mysql", "host": "db", "user": "u", "passwd": "p", "database": "d", "port": 1},
    ),
    ("datasources", "sql", {"driver": "sqlite", "database": "shop.db", "timeout": 5}),
    (
        "datasources",
        "mysql",
        {
            "host": "db",
            "user": "u",
            "password": "p",
            "db": "d",
            "charset": "utf8mb4",
            "ssl_ca": "ca.pem",
            "read_timeout": 10,
            "connect_timeout": 5,
        },
    ),
    ("datasources", "mysql", {"unix_socket": "/run/mysqld.sock", "user": "u"}),
    ("datasources", "mysql", {"read_default_file": "~/.my.cnf"}),
    (
        "datasources",
        "prometheus",
        {"host": "metrics:9090", "basic_auth": {"username": "u", "password": "p"}},
    ),
    ("datasources", "jenkins", {"host": "ci:8080", "user": "u", "api_token": "t"}),
    ("datasources", "jenkins", {"host": "127.0.0.1:8000"}),
    ("datasources", "googleanalytics", {"key_file": "key.json", "property": 123}),
    (
        "datasources",
        "twitter",
        {
            "consumer_key": "a",
            "consumer_secret": "b",
            "access_token_key": "c",
            "access_token_secret": "d",
            "pagination_delay_s": 5,
        },
    ),
    *[("views", "plot", {**ASK, **PLOT, "kind": kind}) for kind in ("line", "bar")],
    ("views", "plot", {**ASK, **PLOT, "kind": "scatter", "stacked": False}),
    (
        "views",
        "single_stat",
        {
            **ASK,
            "label": "{stat} pieces",
            "link_url": "https://example.org",
            "comparison_query": "select 2",
            "comparison_query_args": {"parse_dates": ["time"]},
            "comparison_type": "percent",
            "precision": 2,
        },
    ),
    ("views", "table", {**ASK, "max_rows": 5}),
    (
        "views",
        "prometheus.alert_summary",
        {
            "datasource": "prom",
            "resolution": "5m",
            "hide_labels": ["instance"],
            "labels": {"severity": "critical"},
            "ignore_labels": {"team": "test-.*"},
            "show_timeline": False,
            "timeline_height": 20,
        },
    ),
    (
        "views",
        "jenkins.build_summary",
        {"datasource": "ci", "filters": {"name": ["^web/", "main"], "invert": True}},
    ),
    ("views", "jenkins.build_summary", {"filters": {"name": "main"}}),
    (
        "views",
        "twitter.engagement",
        {
            "datasource": "x",
            "query_args": {"username": "example"},
            "legend": False,
            "label_map": {},
        },
    ),
    *[
        ("outputs", "static", {"output_dir": "_build", "what": "edition", "output_format": form})
        for form in ("html", "png")
    ],
    (
        "outputs",
        "s3",
        {
            "bucket": "kpis",
            "prefix": "reports/",
            "region_name": "eu-central-1",
            "endpoint_url": "http://127.0.0.1:4566",
            "aws_access_key_id": "a",
            "aws_secret_access_key": "b",
            "aws_session_token": "c",
            "use_ssl": False,
            "verify": "ca.pem",
        },
    ),
    (
        "outputs",
        "scp",
        {
            "host": "web",
            "user": "kpi",
            "port": 22,
            "remote_path": "/srv/www",
            "remote_path_owner": "www-data",
            "remote_path_group": "www-data",
            "sudo": True,
            "sudo_password": "s",
            "connect_timeout": 5,
            "connect_kwargs": {"key_filename": "key", "passphrase": "p", "password": "w"},
        },
    ),
    (
        "outputs",
        "smtp",
        {
            **MAIL,
            "smtp_host": "mail",
            "smtp_port": 1025,
            "image_strategy": "remote",
            "image_remote_base_url": "http://files.example.org/latest-{title_slug}/{id}",
        },
    ),
    ("outputs", "smtp", {**MAIL, "email_to": ["a@example.org"], "smtp_host": "m"}),
    ("outputs", "sendgrid", {**MAIL, "api_key": "k"}),
    (
        "outputs",
        "slack",
        {
            "api_token": "t",
            "channels": ["#project"],
            "image_remote_base_url": "http://files.example.org/latest-{title_slug}",
        },
    ),
]


@pytest.mark.parametrize(
    ("kind", "plugin", "args"),
    ARGUMENTS,
    ids=[f"{plugin}-{n}" for n, (_, plugin, _) in enumerate(ARGUMENTS)],
)
def test_all_arguments_of_kpi_reporter_are_taken(kind: Any, plugin: str, args: dict[str, Any]):
    options = load(kind, plugin).options.model_validate(args)
    known = type(options).model_fields
    kept = {name: getattr(options, name) for name in args if name in known}
    assert {name: kept[name] for name, value in args.items() if isinstance(value, bool)} == {
        name: value for name, value in args.items() if isinstance(value, bool)
    }


@pytest.mark.parametrize(
    ("kind", "plugin", "given", "defaults"),
    [
        ("views", "plot", ASK, {"time_column": "time", "kind": "line", "stacked": False}),
        ("views", "plot", ASK, {"groupby": None, "label_map": {}, "legend": None}),
        ("views", "single_stat", ASK, {"label": "{stat}", "precision": 0}),
        ("views", "single_stat", ASK, {"comparison_type": "raw", "comparison_query": ""}),
        ("views", "table", ASK, {"max_rows": 10}),
        ("views", "jenkins.build_summary", {}, {"datasource": "jenkins"}),
        ("views", "prometheus.alert_summary", {}, {"datasource": "prometheus"}),
        ("views", "prometheus.alert_summary", {}, {"hide_labels": ("instance", "job")}),
        ("views", "prometheus.alert_summary", {}, {"show_timeline": True, "timeline_height": 15}),
        ("views", "twitter.engagement", {}, {"query": "tweets", "kind": "scatter"}),
        ("outputs", "static", {}, {"output_dir": "_build", "output_format": ("html",)}),
        ("outputs", "s3", {"bucket": "b"}, {"prefix": "", "use_ssl": True}),
        ("outputs", "smtp", {**MAIL, "smtp_host": "m"}, {"image_strategy": "embed"}),
        ("outputs", "scp", {"host": "h", "remote_path": "/p"}, {"sudo": False, "port": 22}),
    ],
)
def test_arguments_that_are_left_out_are_what_they_were(
    kind: Any, plugin: str, given: dict[str, Any], defaults: dict[str, Any]
):
    options = load(kind, plugin).options.model_validate(given)
    assert {name: getattr(options, name) for name in defaults} == defaults


def test_further_arguments_of_a_connection_reach_the_driver():
    given = {"host": "db", "password": "p", "db": "d", "charset": "utf8", "ssl": {"ca": "x"}}
    options: Any = load("datasources", "mysql").options.model_validate(
        {**given, "connect_args": {"charset": "utf8mb4"}}
    )
    address = options.address()
    assert (address.password, address.database) == ("p", "d")
    assert options.connect_args == {"charset": "utf8mb4", "ssl": {"ca": "x"}}


@pytest.mark.parametrize("plugin", ["mysql", "sql"])
def test_an_argument_that_no_connection_has_is_still_a_mistake(plugin: str):
    with pytest.raises(ValueError, match="hots"):
        load("datasources", plugin).options.model_validate({"hots": "db", "user": "u"})
