"""The plugin's options: what comes from the environment, and what a build leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.errors import UsageError
from kpisite.mkdocs_plugin.options import fill_in, load_project
from kpisite.pipeline.project import parse_now

if TYPE_CHECKING:
    from pathlib import Path

NOW = parse_now("2024-03-01")


def test_options_are_filled_in_however_deep():
    options = {
        "key": "${KEY}",
        "anon": False,
        "client_kwargs": {"region_name": "${REGION:-eu-central-1}", "list": ["a-${KEY}-b", 1]},
        "literal": "$${KEY}",
    }
    assert fill_in(options, {"KEY": "abc"}, "storage_options") == {
        "key": "abc",
        "anon": False,
        "client_kwargs": {"region_name": "eu-central-1", "list": ["a-abc-b", 1]},
        "literal": "${KEY}",
    }


@pytest.mark.parametrize(
    ("environment", "said"), [({}, "KEY is not set"), ({"KEY": ""}, "KEY is empty")]
)
def test_a_variable_that_has_no_value_is_told_with_its_place(environment, said):
    options = {"client_kwargs": {"key": "${KEY}"}}
    with pytest.raises(UsageError, match=said) as caught:
        fill_in(options, environment, "storage_options")
    assert caught.value.where == "mkdocs.yml: storage_options.client_kwargs.key"


def test_an_archive_gets_its_options(tmp_path: Path):
    config = tmp_path / "mkdocs.yml"
    (tmp_path / "docs").mkdir()
    config.write_text(
        "site_name: Small\n"
        "plugins:\n"
        "  - kpisite: {archive: 'memory://kpis', storage_options: {key: '${KEY}'}}\n"
    )
    project = load_project(str(config), NOW, {"KEY": "hunter2"})
    assert project.archive.storage.fs.storage_options["key"] == "hunter2"
    assert "hunter2" not in repr(project)
