"""Real PostgreSQL and MariaDB servers on loopback, in folders of their own."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import sqlalchemy as sa
from required import lacks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USER = "reader"
PASSWORD = "s3cr3t p@ss/w:rd%"
DATABASE = "shop"
ZONES = ("Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata")
"""What MariaDB is told about; PostgreSQL knows all."""
_READY_WITHIN = 120.0


class SQLServer(ABC):
    """A server that runs until it is closed, with a user, a password and a database."""

    driver: ClassVar[str]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kpisite-sql-"))
        self.account = _account(self.accounts)
        if self.account:
            shutil.chown(self.folder, self.account)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port: int = free.getsockname()[1]
            self.create()
            self.start()
            self.fill()
        except BaseException:
            self.close()
            raise

    accounts: ClassVar[Sequence[str]]
    """Users of the system that root runs the server as; the first that exists."""

    @abstractmethod
    def create(self) -> None:
        """Make the folder of the data."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return what runs the server in the foreground."""

    @abstractmethod
    def fill(self) -> None:
        """Make the user and the database."""

    @abstractmethod
    def kill_others(self) -> None:
        """Break all connections of the user."""

    @property
    def url(self) -> sa.URL:
        return sa.URL.create(self.driver, USER, PASSWORD, "127.0.0.1", self.port, DATABASE)

    @property
    def address(self) -> str:
        """The URL, with the password."""
        return self.url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                self.command(), user=self.account, stdout=log, stderr=log, cwd=self.folder
            )
        end = time.monotonic() + _READY_WITHIN
        while True:
            try:
                return self.ask("select 1")
            except sa.exc.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self.folder / "log").read_text()) from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once; what it has told it keeps."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if self.quits else signal.SIGKILL)
            self._process.wait()
        self._process = None

    quits: ClassVar[bool] = False
    """Whether it goes at once when it is sent SIGQUIT, with all its processes."""

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def ask(
        self, *statements: str, rows: Sequence[dict[str, Any]] = (), shop: bool = False
    ) -> None:
        """Run statements as the administrator, the last one for each row.

        Args:
            *statements: In the server's own SQL.
            rows: Values of the parameters of the last one.
            shop: In the user's database instead of the administrator's.
        """
        url = self.administrator.set(database=DATABASE) if shop else self.administrator
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements[:-1]:
                connection.execute(sa.text(statement))
            connection.execute(sa.text(statements[-1]), rows or None)

    @property
    @abstractmethod
    def administrator(self) -> sa.URL:
        """The URL of who may do anything."""

    def run(self, *command: str, text: str = "") -> str:
        """Run a program as the server's user; return what it says."""
        done = subprocess.run(
            command,
            input=text.encode(),
            user=self.account,
            capture_output=True,
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()


class PostgreSQLServer(SQLServer):
    driver = "postgresql"
    accounts = ("postgres", "nobody")
    quits = True

    def create(self) -> None:
        (self.folder / "password").write_text(PASSWORD)
        arguments = ("-A", "scram-sha-256", "-U", "admin", "-E", "UTF8", "--locale=C", "--no-sync")
        password = f"--pwfile={self.folder}/password"
        self.run(postgresql("initdb"), "-D", f"{self.folder}/data", password, *arguments)

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "timezone": "Asia/Tokyo",
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [postgresql("postgres"), "-D", f"{self.folder}/data", *arguments]

    def fill(self) -> None:
        self.ask(f"create user {USER} password '{PASSWORD}'".replace(":", r"\:"))
        self.ask(f"create database {DATABASE} owner {USER}")
        self.ask(f"grant pg_read_all_data, pg_write_all_data to {USER}")

    def kill_others(self) -> None:
        self.ask(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{USER}'")

    @property
    def administrator(self) -> sa.URL:
        return self.url.set(username="admin", database="postgres")


class MariaDBServer(SQLServer):
    driver = "mysql+pymysql"
    accounts = ("mysql", "nobody")

    def create(self) -> None:
        self.run(
            program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self.folder}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )

    def command(self) -> list[str]:
        settings = {
            "datadir": f"{self.folder}/data",
            "socket": f"{self.folder}/socket",
            "bind-address": "127.0.0.1",
            "port": self.port,
            "innodb-flush-log-at-trx-commit": 0,
            "default-time-zone": "+09:00",
            "skip-name-resolve": "ON",
            "character-set-server": "utf8mb4",
        }
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        return [program("mariadbd"), "--no-defaults", *arguments]

    def fill(self) -> None:
        zones = program("mariadb-tzinfo-to-sql")
        told = "".join(self.run(zones, f"/usr/share/zoneinfo/{name}", name) for name in ZONES)
        client = program("mariadb")
        login = ("--no-defaults", f"--socket={self.folder}/socket", "-uroot", "mysql")
        everything = f"grant all on *.* to {USER}@127.0.0.1 identified by '{PASSWORD}';"
        self.run(client, *login, text=f"{told}\n{everything}\ncreate database {DATABASE};")

    def kill_others(self) -> None:
        self.ask(f"kill user {USER}@127.0.0.1")

    @property
    def administrator(self) -> sa.URL:
        return self.url.set(username="root", password="", database="mysql")


def postgresql(name: str) -> str:
    """Return the path of one of its programs; Debian has them in a folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)])) or ""


def program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin") or ""


def running(kind: type[SQLServer], program: str) -> Iterator[SQLServer]:
    """Run a server while a fixture lasts; skip its tests where it is not installed."""
    if not program:
        lacks(f"no {kind.__name__.removesuffix('Server')} is installed")
    server = kind()
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[SQLServer]:
    yield from running(PostgreSQLServer, postgresql("initdb"))


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[SQLServer]:
    yield from running(MariaDBServer, program("mariadbd"))


def _account(names: Sequence[str]) -> str | None:
    """Return whom root runs a server as; None for whoever runs the tests, who is not root."""
    if getpass.getuser() != "root" and os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in names if name in known)
