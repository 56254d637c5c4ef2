"""`kpisite publish` shows how far outputs are, where somebody looks on."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading

COMMAND = "from kpisite.cli.main import main; main()"
OUTPUTS = """\
outputs:
  web: {plugin: "counting:Counting", args: {name: here}}
  other: {plugin: "counting:Counting", args: {name: there}}
  silent: {plugin: "counting:Silent"}
"""
PLUGINS = '''\
"""Two outputs of a project's own: one that counts, and one that never says how far it is."""

from kpisite.plugins import PluginOptions, Receipt, SiteDriver


class Silent(SiteDriver):
    class Options(PluginOptions):
        name: str = ""

    target = "nowhere"

    def plan(self, site):
        return []

    def deploy(self, site):
        return Receipt(target=self.target, digest=site.digest)


class Counting(Silent):
    def deploy(self, site):
        for count in range(4322):
            self.context.progress(count, 4321)
        return super().deploy(site)
'''


def publish(shop, *options: str, terminal: bool) -> tuple[str, str]:
    """Return what is on stdout and on stderr."""
    (shop.folder / "counting.py").write_text(PLUGINS)
    shop.report.write_text(shop.report.read_text() + OUTPUTS)
    command = [sys.executable, "-c", COMMAND, "publish", *options]
    environment = {
        **os.environ,
        "KPISITE_NOW": "2024-03-01",
        "PYTHONPATH": f"{shop.folder}:{os.environ.get('PYTHONPATH', '')}",
        "FORCE_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": "100",
    }
    side, end = pty.openpty() if terminal else os.pipe()
    read: list[bytes] = []

    def collect() -> None:
        try:
            while part := os.read(side, 65536):
                read.append(part)
        except OSError:
            return  # a terminal ends so

    reader = threading.Thread(target=collect)
    reader.start()
    try:
        done = subprocess.run(
            command, cwd=shop.folder, env=environment, stdout=subprocess.PIPE, stderr=end
        )
    finally:
        os.close(end)
        reader.join()
        os.close(side)
    told = b"".join(read).decode()
    assert done.returncode == 0, told
    return done.stdout.decode(), told


def test_a_terminal_shows_a_bar_for_each_output_that_counts(shop):
    shown, told = publish(shop, terminal=True)
    assert "sales/web" in told
    assert "sales/other" in told
    assert "4321/4321" in told
    assert "sales/silent" not in told
    assert "4321/4321" not in shown


def test_where_stderr_is_no_terminal_nothing_is_shown(shop):
    shown, told = publish(shop, terminal=False)
    assert "sales/silent" in shown
    assert "4321" not in told + shown
    assert "sales/web" not in told


def test_with_json_nothing_is_shown(shop):
    shown, told = publish(shop, "--json", terminal=True)
    assert shown.startswith("[")
    assert "4321" not in told + shown
