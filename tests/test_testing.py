from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pandas as pd
import pytest

from kpisite.plugins import Blob, Metric, Page, PluginOptions, View
from kpisite.testing import HOSTILE, MemoryPage, ViewContract

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parent.parent
OUTPUTS = sorted(path.stem for path in (ROOT / "kpisite" / "outputs").glob("[a-z]*.py"))


class Leaky(View):
    """Keeps to nothing of the contract."""

    class Options(PluginOptions):
        model_config: ClassVar = {"extra": "ignore"}

    calls = 0

    def metrics(self, frames: Mapping[str, pd.DataFrame], period: object) -> Sequence[Metric]:
        return [Metric(name=name, title="", value=1) for name in ("other", "other")]

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        Leaky.calls += 1
        frame = frames["main"]
        name = frame["name"].iloc[0]
        frame["seen"] = True
        return f"# {Leaky.calls}\n\n{name}\n"


class LeakyContract(ViewContract):
    view = Leaky
    options: ClassVar = {}

    @property
    def frames(self) -> dict[str, pd.DataFrame]:  # type: ignore[override]
        return self.__dict__.setdefault("kept", {"main": pd.DataFrame({"name": ["a"]})})


@pytest.mark.parametrize(
    "name",
    [
        "test_options_refuse_an_unknown_key",
        "test_rendering_twice_gives_the_same_text",
        "test_rendering_leaves_the_frames_alone",
        "test_frames_without_rows_render",
        "test_metrics_have_names_of_their_own_that_begin_with_the_view",
    ],
)
def test_the_view_contract_catches_a_view_that_breaks_it(name: str) -> None:
    contract = LeakyContract()
    with pytest.raises((AssertionError, IndexError, pytest.fail.Exception)):
        getattr(contract, name)()


@pytest.mark.parametrize("text", [t for t in HOSTILE if t[0] not in '"a{'])
def test_the_view_contract_catches_unescaped_data(text: str) -> None:
    with pytest.raises(AssertionError):
        LeakyContract().test_text_of_the_data_makes_no_markup(text)


def test_a_memory_page_keeps_what_a_view_makes() -> None:
    view = Leaky("v", "V", Leaky.Options())
    page = MemoryPage(view, ViewContract.period)
    address = page.blob(Blob("a.csv", b"1", "text/csv"))
    assert page.made[address].data == b"1"
    assert "a &lt; b" in page.chart(None, description="a < b")


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_built_in_output_has_its_contract_test(name: str) -> None:
    tests = (ROOT / "tests" / "outputs" / f"test_{name}.py").read_text(encoding="utf-8")
    assert re.search(r"^class Test\w+\((Site|Edition)DriverContract\):", tests, re.MULTILINE)


def test_a_contract_that_is_broken_shows_what_it_saw(tmp_path: Path) -> None:
    (tmp_path / "test_leaky.py").write_text(
        "from tests.test_testing import LeakyContract\n\n\n"
        "class TestLeaky(LeakyContract):\n"
        "    pass\n",
        encoding="utf-8",
    )
    test = ["-k", "rendering_twice", str(tmp_path / "test_leaky.py")]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, *test],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed" in run.stdout, run.stdout + run.stderr
    assert re.search(r"^E .*'# 1", run.stdout, re.MULTILINE), run.stdout
