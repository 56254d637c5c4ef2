"""Which keys a server may have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from kpisite.outputs.sftp import SFTP


def known_hosts_file(options: SFTP.Options, folder: Path) -> Path:
    """Return the file with the keys of servers; relative paths start at a folder."""
    return folder / Path(options.known_hosts or "~/.ssh/known_hosts").expanduser()


def trusted_keys(options: SFTP.Options, folder: Path) -> Any:
    """Return the server's keys as asyncssh takes them: never None, which would trust all.

    Raises:
        OSError: The file that is named cannot be read.
        asyncssh.KeyImportError: `host_key` is no key.
    """
    if options.host_key:
        return ([asyncssh.import_public_key(options.host_key)], [], [])
    file = known_hosts_file(options, folder)
    if not options.known_hosts and not file.exists():
        return ([], [], [])
    return asyncssh.read_known_hosts(str(file))


def is_known(options: SFTP.Options, folder: Path) -> bool:
    """Tell whether there is a key for the server, so that it has another one now."""
    keys = trusted_keys(options, folder)
    if isinstance(keys, tuple):
        return bool(keys[0])
    return any(keys.match(options.host, "", options.port)[:2])
