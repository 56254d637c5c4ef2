"""The output `sftp` through a gateway: two real OpenSSH servers, one reached over the other."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cutting_proxy import CuttingProxy, SilentServer, refusing_port
from docs_examples import GUIDE, examples, run
from pydantic import ValidationError
from ssh_server import SSHServer
from ssh_target import NEW, OLD, Target, server

from kpisite.errors import OutputError
from kpisite.outputs._ssh_connection import _login
from kpisite.outputs._ssh_server import Address
from kpisite.outputs.sftp import SFTP
from kpisite.plugins import OutputContext

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["server"]
pytestmark = pytest.mark.usefixtures("short_pauses")


def gateway_for(server: SSHServer, folder: Path, settings: str = "") -> SSHServer:
    """Start a server that lets in whom the other one lets in."""
    running = SSHServer(folder, settings=settings)
    shutil.copy(f"{server.key_file}.pub", folder / "authorized_keys")
    return running


@pytest.fixture(scope="module")
def gateway(server: SSHServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    """It leads to that server alone."""
    folder = tmp_path_factory.mktemp("gateway")
    running = gateway_for(server, folder, f"PermitOpen 127.0.0.1:{server.port}\n")
    yield running
    running.close()


class Way:
    """A target with a gateway before it, whose keys are in one file."""

    def __init__(self, server: SSHServer, gateway: SSHServer, folder: Path) -> None:
        self.gateway = gateway
        self.target = Target(server, folder)
        self.known(gateway.known_hosts.read_text(), server.known_hosts.read_text())

    def known(self, *lines: str) -> None:
        (self.target.folder / "known").write_text("".join(lines))

    def driver(self, through: int = 0, **options: Any) -> SFTP:
        gateway = f"{self.gateway.user}@127.0.0.1:{through or self.gateway.port}"
        given = {"gateway": gateway, "known_hosts": "known", "host_key": "", "tries": 2}
        return self.target.driver(**{**given, **options})

    def fails(self, through: int = 0, **options: Any) -> OutputError:
        """Publish the new site in vain; the old one is still there."""
        with pytest.raises(OutputError) as caught:
            self.driver(through, **options).deploy(self.target.site(NEW))
        assert self.target.seen() == OLD
        return caught.value

    def known_at(self, port: int) -> str:
        """Return the gateway's key as that of another port."""
        return self.gateway.known_hosts.read_text().replace(str(self.gateway.port), str(port))


@pytest.fixture
def way(server: SSHServer, gateway: SSHServer, tmp_path: Path) -> Way:
    """The old site is published."""
    found = Way(server, gateway, tmp_path)
    found.target.driver().deploy(found.target.site(OLD))
    return found


def named(way: Way, port: int = 0) -> str:
    """Return how a message about the gateway begins."""
    there = f"{way.gateway.user}@127.0.0.1:{port or way.gateway.port}"
    return f"'{there}', the gateway to '{way.driver().target}', "


def test_all_that_is_sent_goes_through_the_gateway(way):
    with CuttingProxy(way.gateway.port) as proxy:
        way.known(way.known_at(proxy.port), way.target.server.known_hosts.read_text())
        receipt = way.driver(proxy.port).deploy(way.target.site(NEW))
        assert proxy.connections == 1
        assert proxy.sent > sum(map(len, NEW.values())) - len(NEW["sales/index.html"])
    assert way.target.seen() == NEW
    assert receipt.target == way.driver().target
    assert "gateway" not in receipt.target


def test_without_a_user_of_its_own_the_gateway_has_that_of_the_server(way):
    way.driver().deploy(way.target.site(NEW))
    through = f"127.0.0.1:{way.gateway.port}"
    way.target.driver(gateway=through, known_hosts="known", host_key="").deploy(
        way.target.site(OLD)
    )
    assert way.target.seen() == OLD


def test_a_host_may_have_user_and_port_before_and_after_it(server, tmp_path):
    target = Target(server, tmp_path)
    given = {k: v for k, v in target.given.items() if k not in ("user", "port")}
    given["host"] = f"{server.user}@127.0.0.1:{server.port}"
    driver = SFTP(SFTP.Options(**given), OutputContext("web", tmp_path))
    assert driver.target == target.driver().target
    driver.deploy(target.site(OLD))
    assert target.seen() == OLD


# --- who they are -----------------------------------------------------------------------------


def test_a_gateway_that_nobody_knows_is_refused_by_its_name(way):
    way.known(way.target.server.known_hosts.read_text())
    error = way.fails()
    assert error.message == f"{named(way)}is not in 'known': nobody has said which key it has"
    assert f"ssh-keyscan -p {way.gateway.port} 127.0.0.1" in error.hint
    assert "host_key" not in error.hint


def test_a_server_that_nobody_knows_is_refused_behind_a_gateway_that_is_known(way):
    way.known(way.gateway.known_hosts.read_text())
    error = way.fails()
    assert error.message.startswith(f"'{way.driver().target}' is not in 'known'")
    assert f"ssh-keyscan -p {way.target.server.port} 127.0.0.1" in error.hint


@pytest.mark.parametrize("which", ["gateway", "server"])
def test_another_key_of_either_is_refused_and_says_whose(way, which):
    servers = {"gateway": way.gateway, "server": way.target.server}
    lines = {name: one.known_hosts.read_text() for name, one in servers.items()}
    other = Path(f"{way.target.server.key_file}.pub").read_text()
    lines[which] = f"[127.0.0.1]:{servers[which].port} {other}"
    way.known(*lines.values())
    error = way.fails()
    begin = named(way) if which == "gateway" else f"'{way.driver().target}' "
    assert error.message.startswith(f"{begin}has another key than the one in 'known'")


def test_host_key_is_that_of_the_server_and_not_of_the_gateway(way):
    way.known(way.gateway.known_hosts.read_text())
    given = {"gateway": f"127.0.0.1:{way.gateway.port}", "known_hosts": "known"}
    way.target.driver(**given).deploy(way.target.site(NEW))
    assert way.target.seen() == NEW
    way.known("")
    with pytest.raises(OutputError, match=r"the gateway to .* is not in 'known'"):
        way.target.driver(**given).deploy(way.target.site(OLD))


def test_a_gateway_that_does_not_let_us_in_is_told_once(way):
    with CuttingProxy(way.gateway.port) as proxy:
        way.known(way.known_at(proxy.port), way.target.server.known_hosts.read_text())
        through = f"nobody-here@127.0.0.1:{proxy.port}"
        given = {"gateway": through, "known_hosts": "known", "host_key": "", "tries": 3}
        with pytest.raises(OutputError) as caught:
            way.target.driver(**given).deploy(way.target.site(NEW))
        assert proxy.connections == 1
    error = caught.value
    assert error.message.startswith(f"'{through}', the gateway to ")
    assert error.message.endswith("does not let us in: authentication failed")
    assert "Check the user in 'gateway'" in error.hint


def test_a_gateway_is_given_no_password(tmp_path):
    options = SFTP.Options(host="web", remote_path="kpis", gateway="jump", password="word")
    gateway = options.gateway_server(tmp_path)
    assert gateway is not None
    assert "word" not in str(_login(options, gateway))


# --- failures ---------------------------------------------------------------------------------


def test_a_gateway_that_is_not_there_is_told(way):
    port = refusing_port()
    error = way.fails(port)
    assert error.message.startswith(f"{named(way, port)}was not reached: ")
    assert error.hint.startswith("Check 'gateway'")


def test_a_gateway_that_says_nothing_is_given_up(way):
    with SilentServer() as silent:
        error = way.fails(silent.port, connect_timeout=0.3)
        assert error.message.startswith(f"{named(way, silent.port)}was cut off")


def test_a_server_that_the_gateway_does_not_reach_is_told(server, tmp_path):
    open_gateway = gateway_for(server, tmp_path / "open")
    try:
        way = Way(server, open_gateway, tmp_path)
        way.target.driver().deploy(way.target.site(OLD))
        error = way.fails(port=refusing_port())
    finally:
        open_gateway.close()
    assert f"was not reached by the gateway '{server.user}@127.0.0.1:" in error.message
    assert error.message.endswith("Connection refused")
    assert error.hint.startswith("Check 'host' and 'port', which the gateway must know too")


def test_a_gateway_that_passes_nothing_on_is_told_once(way):
    with CuttingProxy(way.gateway.port) as proxy:
        way.known(way.known_at(proxy.port))
        error = way.fails(proxy.port, port=refusing_port())  # it leads to one server alone
        assert proxy.connections == 1
    assert "was not reached by the gateway" in error.message
    assert "'PermitOpen'" in error.hint


@pytest.mark.parametrize("limit", [4_000, 30_000])
def test_wherever_the_gateway_is_cut_readers_see_one_whole_site_and_a_rerun_finishes(way, limit):
    with CuttingProxy(way.gateway.port, limit) as proxy:
        way.known(way.known_at(proxy.port), way.target.server.known_hosts.read_text())
        with pytest.raises(OutputError):
            way.driver(proxy.port).deploy(way.target.site(NEW))
    assert way.target.seen() == OLD
    way.known(way.gateway.known_hosts.read_text(), way.target.server.known_hosts.read_text())
    way.driver().deploy(way.target.site(NEW))
    assert way.target.seen() == NEW
    assert len(way.target.beside()) == 2


# --- a command --------------------------------------------------------------------------------


def command(way: Way) -> str:
    """Return what opens the way with the program of OpenSSH, as `ProxyCommand` does."""
    key = way.target.server.key_file
    options = f"-F none -i {key} -o BatchMode=yes -o UserKnownHostsFile=known"
    return f"ssh {options} -p {way.gateway.port} -W %h:%p %r@127.0.0.1"


def test_a_command_is_the_way_to_the_server_whose_key_is_checked(way):
    way.driver(gateway=command(way)).deploy(way.target.site(NEW))
    assert way.target.seen() == NEW
    way.known(way.gateway.known_hosts.read_text())
    with pytest.raises(OutputError, match="' is not in 'known': nobody has said"):
        way.driver(gateway=command(way)).deploy(way.target.site(OLD))
    assert way.target.seen() == NEW


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nope-here %h %p", "No such file or directory: 'nope-here'"),
        ("sh -c 'echo no way to $1 100%% >&2; exit 3' x %h", "no way to 127.0.0.1 100%"),
        ("sh -c 'exit 4'", "exit status 4"),
    ],
)
def test_a_command_that_fails_is_told_in_its_words(way, given, words):
    error = way.fails(gateway=given)
    assert error.message.startswith(f"'{way.driver().target}' was not reached: the command in")
    assert error.message.endswith(words)


def test_a_command_that_ends_is_tried_again_and_one_that_is_not_there_is_not(way, monkeypatch):
    real, started = subprocess.Popen, []

    def start(words: list[str], **more: Any) -> subprocess.Popen[bytes]:
        started.append(words[0])
        return real(words, **more)

    monkeypatch.setattr("kpisite.outputs._ssh_connection.subprocess.Popen", start)
    way.fails(gateway="sh -c 'exit 1'", tries=3)
    way.fails(gateway="nope-here %h", tries=3)
    assert started == ["sh", "sh", "sh", "nope-here"]


def test_a_command_whose_gateway_is_unknown_is_told_in_its_words(way):
    way.known(way.target.server.known_hosts.read_text())
    assert "Host key verification failed" in way.fails(gateway=command(way)).message


def test_a_command_that_says_nothing_is_given_up_and_ended(way, tmp_path):
    error = way.fails(
        gateway="sh -c 'echo $$ >pid; trap : TERM; while :; do sleep 0.1; done' x",
        connect_timeout=0.5,
    )
    assert "was cut off" in error.message
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("web", Address("", "web", None)),
        ("kpi@web.example.org:2222", Address("kpi", "web.example.org", 2222)),
        ("a@b@web", Address("a@b", "web", None)),
        ("::1", Address("", "::1", None)),
        ("kpi@[::1]:2222", Address("kpi", "::1", 2222)),
        ("[::1]", Address("", "::1", None)),
    ],
)
def test_an_address_has_a_user_a_host_and_a_port(text, address):
    assert Address.of(text) == address


@pytest.mark.parametrize("text", ["kpi@", ":22", "web:ssh", "web:0", "web:65536", "[::1]22x"])
def test_what_is_no_address_is_a_mistake(text):
    with pytest.raises(ValidationError, match="is no address; write it like"):
        SFTP.Options(host=text, remote_path="kpis")
    with pytest.raises(ValidationError, match="is no address; write it like"):
        SFTP.Options(host="web", remote_path="kpis", gateway=text)


def test_a_command_with_an_open_quote_is_a_mistake():
    with pytest.raises(ValidationError, match="No closing quotation"):
        SFTP.Options(host="web", remote_path="kpis", gateway="ssh 'jump")


@pytest.mark.parametrize(("name", "value"), [("user", "kpi"), ("port", 22)])
def test_user_and_port_are_said_once(name, value):
    with pytest.raises(ValidationError, match=f"name the {name} either in 'host' or by '{name}'"):
        SFTP.Options(**{"host": "kpi@web:22", "remote_path": "kpis", name: value})


def test_the_report_of_the_guide_is_published_through_the_gateway(way, tmp_path):
    [example] = [
        one for one in examples(GUIDE / "outputs" / "sftp.md") if one.is_report and not one.file
    ]
    project = tmp_path / "project"
    (project / "content" / "shops").mkdir(parents=True)
    (project / "content" / "shops" / "report.yml").write_text(example.text)
    (project / "known_hosts").write_text((tmp_path / "known").read_text())
    (project / "mkdocs.yml").write_text(
        "site_name: Sales\ndocs_dir: content\ntheme: {name: material, font: false}\n"
        "plugins: [kpisite]\n"
    )
    server = way.target.server
    environment = {
        **os.environ,
        "KPISITE_NOW": "2025-04-01",
        "WEB_HOST": f"{server.user}@127.0.0.1:{server.port}",
        "WEB_GATEWAY": f"127.0.0.1:{way.gateway.port}",
        "WEB_KEY_FILE": str(server.key_file),
        "WEB_FOLDER": str(tmp_path / "shops"),
    }
    published = run(project, "kpisite", "publish", environment=environment)
    assert published.returncode == 0, published.stderr + published.stdout
    page = (tmp_path / "shops" / "index.html").read_text()
    assert page == (project / "site" / "index.html").read_text()
