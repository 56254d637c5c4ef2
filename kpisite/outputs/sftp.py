"""The output driver `sftp`: puts the site on a server over SSH, beside the old one, and swaps."""

from __future__ import annotations

import asyncio
import hashlib
import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, model_validator

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes, compare, file_digest
from kpisite.outputs._remote_files import Rights, UnknownNameError
from kpisite.outputs._remote_folder import DisturbedError, OccupiedError, RemoteFolder
from kpisite.outputs._remote_shell import RemoteShell
from kpisite.outputs._retries import retrying
from kpisite.outputs._ssh_connection import (
    TROUBLE,
    CommandError,
    GatewayError,
    SudoError,
    connected,
)
from kpisite.outputs._ssh_server import PORT, Address, Server
from kpisite.outputs._ssh_sudo import sftp_as_root
from kpisite.outputs._ssh_trouble import explain, may_pass
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from pathlib import Path

    import asyncssh


def _folder(value: str) -> str:
    stripped = value.rstrip("/")
    if stripped.rsplit("/", 1)[-1] in ("", ".", "..", "~") or "\0" in value:
        raise ValueError(f"'{value}' is no folder of its own; name one such as '/srv/www/kpis'")
    return stripped


def _address(value: str) -> str:
    Address.of(value)
    return value


def _gateway(value: str) -> str:
    if not _is_command(value):
        return value and _address(value)
    shlex.split(value)
    return value


def _is_command(gateway: str) -> bool:
    return len(gateway.split()) > 1


def _mode(value: str) -> str:
    try:
        right = 0 <= int(value, 8) <= 0o7777
    except ValueError:
        right = False
    if not right:
        raise ValueError(f"'{value}' is no mode; write it like '0644', in quotes")
    return value


_Mode = Annotated[str, AfterValidator(_mode)]


class ConnectOptions(PluginOptions):
    """How to log in, as the reference's connection takes it."""

    key_filename: str = ""
    """Same as `key_file`."""
    password: SecretStr = SecretStr("")
    """Same as `password`."""
    passphrase: SecretStr = SecretStr("")
    """Same as `passphrase`."""


class SFTP(SiteDriver):
    """Uploads a folder beside the published one; one rename makes it the published one."""

    class Options(PluginOptions):
        """The server, how to log in, and where the site goes."""

        host: Annotated[str, AfterValidator(_address)] = Field(min_length=1)
        """Name or address of the server; `[user@]host[:port]` too."""
        remote_path: Annotated[str, AfterValidator(_folder)]
        """Where the site appears on the server: absolute, or below the user's own folder."""
        user: str = ""
        """Who logs in; else whoever runs this."""
        port: int = Field(default=PORT, ge=1, le=65535)
        """Port of the server."""
        gateway: Annotated[str, AfterValidator(_gateway)] = ""
        """Server that it is reached through, `[user@]host[:port]`; or a command whose input and
        output are the connection, such as `ssh -W %h:%p jump.example.org`."""
        password: SecretStr = SecretStr("")
        """The user's password."""
        key_file: str = ""
        """Private key; else an agent's and those in `~/.ssh`."""
        passphrase: SecretStr = SecretStr("")
        """What the private key is locked with."""
        host_key: str = ""
        """The server's own public key, such as `ssh-ed25519 AAAA…`."""
        known_hosts: str = ""
        """File with the keys of servers; else `~/.ssh/known_hosts`."""
        remote_path_owner: str = ""
        """Whom the files belong to: a name or a number."""
        remote_path_group: str = ""
        """Which group: a name or a number."""
        sudo: bool = False
        """Write as root, by sudo: the user need not own the folder."""
        sudo_password: SecretStr = SecretStr("")
        """What sudo asks for; leave it out where it asks for nothing."""
        sudo_server: str = "/usr/lib/openssh/sftp-server"
        """The program that sudo runs on the server."""
        file_mode: _Mode = "0644"
        """Rights of files."""
        folder_mode: _Mode = "0755"
        """Rights of folders."""
        parallel: int = Field(default=32, ge=1, le=128)
        """How many files are on their way at once."""
        connect_timeout: float = Field(default=30, gt=0)
        """Seconds until a server that does not let us in is given up."""
        timeout: float = Field(default=60, gt=0)
        """Seconds until a server that says nothing more is given up."""
        tries: int = Field(default=3, ge=1, le=20)
        """How often it is begun anew when the connection breaks."""
        connect_kwargs: ConnectOptions = ConnectOptions()
        """`key_filename`, `password` and `passphrase`, as the reference has them."""

        @model_validator(mode="after")
        def _said_once(self) -> SFTP.Options:
            address = Address.of(self.host)
            for name, said in (("user", address.user), ("port", address.port)):
                if said and name in self.model_fields_set:
                    raise ValueError(f"name the {name} either in 'host' or by '{name}'")
            return self

        def server(self, folder: Path) -> Server:
            """Return the server; relative files start at a folder."""
            said = Address.of(self.host)
            user, port = said.user or self.user, said.port or self.port
            return Server(user, said.host, port, self.host_key, self.known_hosts, folder)

        def gateway_server(self, folder: Path) -> Server | None:
            """Return the server before it; None where there is none, or a command."""
            if not self.gateway or _is_command(self.gateway):
                return None
            said = Address.of(self.gateway)
            user, port = said.user or self.server(folder).user, said.port or PORT
            return Server(user, said.host, port, "", self.known_hosts, folder, is_gateway=True)

    options: Options

    @property
    def target(self) -> str:
        """Where it goes, as an address."""
        path = self.options.remote_path
        below = path if path.startswith("/") else f"/~/{path}"
        return f"sftp://{self.options.server(self.context.folder).address}{below}"

    def plan(self, site: Site) -> Sequence[str]:
        """Return the files that would be added, changed and removed; none where all are equal."""

        async def work(folder: RemoteFolder) -> Changes:
            await folder.check()
            return compare(_digests(site), await folder.published_files())

        return self._run(work).lines(site.folder)

    def deploy(self, site: Site) -> Receipt:
        """Upload what the server has not, and swap.

        Raises:
            OutputError: It did not arrive; the old site is where it was.
        """
        wanted = _digests(site)

        async def work(folder: RemoteFolder) -> Changes:
            await folder.check()
            changes = compare(wanted, await folder.published_files())
            release = self._release(site)
            if changes.any or not await folder.shows(release):
                await folder.replace(release, site.folder, wanted, self.context.progress)
            await folder.clean()
            return changes

        changes = self._run(work)
        return Receipt(
            target=self.target, digest=site.digest, details=changes.details(len(site.files))
        )

    def _release(self, site: Site) -> str:
        """Return what tells this site with these rights from any other."""
        options = self.options
        rights = (
            options.file_mode,
            options.folder_mode,
            options.remote_path_owner,
            options.remote_path_group,
        )
        return hashlib.sha256(repr((site.digest, rights)).encode()).hexdigest()[:16]

    def _run(self, work: Callable[[RemoteFolder], Awaitable[Changes]]) -> Changes:
        try:
            result: Changes = retrying(
                self.options.tries,
                lambda error: isinstance(error, DisturbedError) or may_pass(error),
            )(lambda: _finished(self._connected(work)))
        except OccupiedError as error:
            raise self._error(
                str(error),
                "Name a folder that is not there yet, or move away what is in it.",
            ) from error
        except UnknownNameError as error:
            raise self._error(str(error), "Give the number instead.") from error
        except DisturbedError as error:
            raise self._error(str(error), "Publish again, one after the other.") from error
        except (*TROUBLE, GatewayError, CommandError, SudoError) as error:
            said = explain(error, self.options, self.context.folder, self.target)
            raise self._error(*said) from error
        return result

    async def _connected(self, work: Callable[[RemoteFolder], Awaitable[Changes]]) -> Changes:
        options = self.options
        # Of the parts of a write that fails, the first one is raised here; asyncssh forgets the
        # others, and asyncio would print them.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with (
            connected(options, self.context.folder) as connection,
            self._sftp(connection) as client,
        ):
            rights = Rights(
                int(options.file_mode, 8),
                int(options.folder_mode, 8),
                options.remote_path_owner,
                options.remote_path_group,
            )
            folder = RemoteFolder(
                client, options.remote_path, rights, options.parallel, self._shell(connection)
            )
            return await work(folder)

    def _shell(self, connection: asyncssh.SSHClientConnection) -> RemoteShell | None:
        if not self.options.sudo:
            return RemoteShell(connection)
        if self.options.sudo_password.get_secret_value():
            return None
        return RemoteShell(connection, "sudo -n -- ")

    def _sftp(self, connection: asyncssh.SSHClientConnection) -> Any:
        options = self.options
        if not options.sudo:
            return connection.start_sftp_client()
        password = options.sudo_password.get_secret_value()
        return sftp_as_root(connection, options.sudo_server, password, options.connect_timeout)

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(message, where=f"output '{self.context.id}'", hint=hint)


def _digests(site: Site) -> dict[str, str]:
    return {path: file_digest(site.folder / path) for path in site.files}


def _finished(work: Coroutine[Any, Any, Changes]) -> Changes:
    """Run it in a thread of its own: the caller's may have a running loop, as in a notebook."""
    with ThreadPoolExecutor(1, thread_name_prefix="sftp") as executor:
        return executor.submit(asyncio.run, work).result()
