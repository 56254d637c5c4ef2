"""What the errors of SSH and SFTP mean: which may pass, and what to do about the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from kpisite.outputs._ssh_trust import is_known, known_hosts_file

if TYPE_CHECKING:
    from pathlib import Path

    from kpisite.outputs.sftp import SFTP

_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_DENIED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_CUT = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)


def may_pass(error: BaseException) -> bool:
    """Tell whether connecting again may help: the connection broke, or was not made."""
    return isinstance(error, (*_CUT, ConnectionError, TimeoutError))


def explain(error: Exception, options: SFTP.Options, folder: Path) -> tuple[str, str]:
    """Return what an error means and what to do about it."""
    text = str(error) or type(error).__name__
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return _host_key(options, folder)
    if isinstance(error, asyncssh.KeyImportError):
        return f"has a key that cannot be read: {text}", "Check 'host_key', or 'key_file'."
    if isinstance(error, asyncssh.PermissionDenied):
        return (
            "does not let us in: authentication failed",
            "Check 'user', and 'key_file' or 'password'.",
        )
    if isinstance(error, _FULL):
        return f"has no room left: {text}", "Make room on the server. The old site is still there."
    if isinstance(error, _DENIED):
        return (
            f"may not be written: {text}",
            "The user must be allowed to write in the folder that holds 'remote_path'. Only root "
            "may give files to another owner.",
        )
    if isinstance(error, asyncssh.SFTPOpUnsupported):
        return f"cannot do what is needed: {text}", "The server must be OpenSSH, or work like it."
    if isinstance(error, asyncssh.SFTPFailure):
        return (
            f"failed: {text}",
            "The disk of the server may be full, or a quota reached. The old site is still there.",
        )
    if isinstance(error, (*_CUT, BrokenPipeError, ConnectionResetError, TimeoutError)):
        return (
            f"was cut off: {text}",
            "The old site is still there. Check the network, and publish again.",
        )
    if isinstance(error, FileNotFoundError | PermissionError):
        return (
            f"was not asked, since a file here cannot be read: {text}",
            "Check 'key_file' and 'known_hosts'; relative files start at the folder of mkdocs.yml.",
        )
    if isinstance(error, OSError):
        return f"was not reached: {text}", "Check 'host' and 'port', and the network."
    return f"failed: {text}", "The old site is still there."


def _host_key(options: SFTP.Options, folder: Path) -> tuple[str, str]:
    place = "'host_key'" if options.host_key else f"'{known_hosts_file(options, folder).name}'"
    if is_known(options, folder):
        return (
            f"has another key than the one in {place}: it may not be the server that you mean",
            "If it was set up anew, ask who runs it for its key, and write that down instead.",
        )
    port = f"-p {options.port} " if options.port != 22 else ""
    return (
        f"is not in {place}: nobody has said which key it has",
        f"Ask who runs it, or 'ssh-keyscan {port}{options.host}' from a network that you trust, "
        "and put the key into 'host_key' or into a file that 'known_hosts' names.",
    )
