"""Plugins by name: found when named, and what is missing is said."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from kpisite.datasources.duckdb import DuckDB
from kpisite.errors import PluginError
from kpisite.outputs.static import Static
from kpisite.plugins import registry
from kpisite.plugins.registry import load, names


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module that can be imported in this test."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)

    return write


def test_every_built_in_plugin_can_be_loaded_by_its_name():
    for kind in ("datasources", "views", "outputs"):
        assert names(kind)
        for name in names(kind):
            plugin = load(kind, name)
            assert (plugin.kind, plugin.name) == (kind, name)
            assert plugin.options is plugin.cls.Options
            assert plugin.cls.__doc__


def test_a_plugin_is_found_by_its_entry_point():
    assert load("datasources", "duckdb").cls is DuckDB


def test_a_plugin_is_found_by_module_and_class():
    assert load("outputs", "kpisite.outputs.static:Static").cls is Static


def test_an_unknown_name_gets_the_nearest_known_one():
    with pytest.raises(PluginError, match="there is no view plugin 'single_stats'") as caught:
        load("views", "single_stats")
    assert caught.value.hint == "Did you mean 'single_stat'?"


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(PluginError, match="there is no module 'absent_plugins'") as caught:
        load("views", "absent_plugins.views:Mine")
    assert "installed" in caught.value.hint


def test_a_class_that_is_not_there_is_named(module):
    module("plugins_without_class", "x = 1\n")
    with pytest.raises(PluginError, match="'plugins_without_class' has no attribute 'Mine'"):
        load("views", "plugins_without_class:Mine")


def test_a_plugin_of_another_kind_is_refused():
    with pytest.raises(PluginError, match=r"is not a kpisite\.plugins\.View"):
        load("views", "kpisite.outputs.static:Static")


def test_what_is_no_class_is_refused(module):
    module("plugins_with_function", "def mine(): ...\n")
    with pytest.raises(PluginError, match=r"is not a kpisite\.plugins\.Datasource"):
        load("datasources", "plugins_with_function:mine")


def test_a_package_that_a_plugin_needs_is_named_with_what_to_install(module, monkeypatch):
    module("needy_plugin", "import absent_dependency\n")
    with pytest.raises(PluginError, match="needs the package 'absent_dependency'") as caught:
        load("datasources", "needy_plugin:Needy")
    assert caught.value.hint == "Install what 'needy_plugin' needs for it."

    class Metadata:
        def get_all(self, name: str) -> list[str]:
            return ["needy"]

    class Distribution:
        name = "needy-plugins"
        metadata = Metadata()

    point = EntryPoint("needy", "needy_plugin:Needy", "kpisite.datasources")._for(Distribution())
    monkeypatch.setattr(registry, "names", lambda kind: {"needy": point})
    with pytest.raises(PluginError) as caught:
        load("datasources", "needy")
    assert caught.value.hint == "pip install 'needy-plugins[needy]'"
