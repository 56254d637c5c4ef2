"""An SSH server: where it is, who logs in, and which keys it may have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

PORT = 22


@dataclass(frozen=True)
class Address:
    """What `[user@]host[:port]` says."""

    user: str
    host: str
    port: int | None

    @classmethod
    def of(cls, text: str) -> Address:
        """Read an address; `[…]` is put around one of IPv6 that has a port.

        Raises:
            ValueError: It is none.
        """
        user, _, rest = text.rpartition("@")
        if rest.startswith("["):
            host, _, port = rest[1:].partition("]")
            port = port.removeprefix(":")
        elif rest.count(":") > 1:
            host, port = rest, ""
        else:
            host, _, port = rest.partition(":")
        if not host or not (port or str(PORT)).isdecimal() or not 0 < int(port or PORT) < 65536:
            raise ValueError(f"'{text}' is no address; write it like web.example.org or kpi@web:22")
        return cls(user, host, int(port) if port else None)


@dataclass(frozen=True)
class Server:
    """One that is logged in to: the one that has the site, or the gateway before it."""

    user: str
    host: str
    port: int
    host_key: str
    """Its own public key; "" where it is in the file."""
    known_hosts: str
    """The file with keys of servers, relative to `folder`; else `~/.ssh/known_hosts`."""
    folder: Path
    is_gateway: bool = False

    @property
    def address(self) -> str:
        """Where it is, as a part of an address."""
        user = f"{self.user}@" if self.user else ""
        return f"{user}{self.host}{f':{self.port}' if self.port != PORT else ''}"

    @property
    def known_hosts_file(self) -> Path:
        """The file with the keys of servers."""
        return self.folder / Path(self.known_hosts or "~/.ssh/known_hosts").expanduser()

    def trusted_keys(self) -> Any:
        """Return its keys as asyncssh takes them: never None, which would trust all.

        Raises:
            OSError: The file that is named cannot be read.
            asyncssh.KeyImportError: `host_key` is no key.
        """
        if self.host_key:
            return ([asyncssh.import_public_key(self.host_key)], [], [])
        file = self.known_hosts_file
        if not self.known_hosts and not file.exists():
            return ([], [], [])
        return asyncssh.read_known_hosts(str(file))

    @property
    def is_known(self) -> bool:
        """Whether there is a key for it, so that it has another one now."""
        keys = self.trusted_keys()
        if isinstance(keys, tuple):
            return bool(keys[0])
        return any(keys.match(self.host, "", self.port)[:2])
