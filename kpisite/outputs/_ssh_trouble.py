"""What the errors of SSH and SFTP mean: which may pass, and what to do about the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from kpisite.outputs._ssh_connection import CUT, CommandError, GatewayError, SudoError
from kpisite.outputs._ssh_server import PORT

if TYPE_CHECKING:
    from pathlib import Path

    from kpisite.outputs._ssh_server import Server
    from kpisite.outputs.sftp import SFTP

_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_DENIED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_CLOSED = asyncssh.OPEN_CONNECT_FAILED
"""Number of the error where a gateway does not reach a server."""


def may_pass(error: BaseException | None) -> bool:
    """Tell whether connecting again may help: the connection broke, or was not made."""
    if isinstance(error, (GatewayError, CommandError)):
        return may_pass(error.__cause__)
    if isinstance(error, asyncssh.ChannelOpenError):
        return error.code == _CLOSED
    return isinstance(error, (*CUT, ConnectionError, TimeoutError))


def explain(error: Exception, options: SFTP.Options, folder: Path, target: str) -> tuple[str, str]:
    """Return what an error means, of the server or of the one before it, and what to do about it.

    Args:
        error: What came.
        options: Those of the output.
        folder: Where relative paths start.
        target: Where the site goes, as an address.
    """
    if isinstance(error, SudoError):
        return (
            f"'{target}' cannot be written as root: sudo says: {error}",
            "Check 'sudo_password' and 'sudo_server', and that the user may run that program by "
            "sudo.",
        )
    gateway = options.gateway_server(folder)
    if gateway is None:
        if isinstance(error, CommandError):
            return (
                f"'{target}' was not reached: the command in 'gateway' ended: {error}",
                "Try the command in a terminal. The old site is still there.",
            )
    elif isinstance(error, GatewayError) and isinstance(error.__cause__, Exception):
        reason, hint = _meaning(error.__cause__, gateway)
        return f"'{gateway.address}', the gateway to '{target}', {reason}", hint
    elif isinstance(error, asyncssh.ChannelOpenError):
        return (
            f"'{target}' was not reached by the gateway '{gateway.address}': {error.reason}",
            "Check 'host' and 'port', which the gateway must know too, and whether it may pass "
            "connections on: its 'AllowTcpForwarding' and 'PermitOpen'.",
        )
    reason, hint = _meaning(error, options.server(folder))
    return f"'{target}' {reason}", hint


def _meaning(error: Exception, server: Server) -> tuple[str, str]:
    text = str(error) or type(error).__name__
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return _host_key(server)
    if isinstance(error, asyncssh.KeyImportError):
        return f"has a key that cannot be read: {text}", "Check 'host_key', or 'key_file'."
    if isinstance(error, asyncssh.PermissionDenied):
        hint = "Check 'user', and 'key_file' or 'password'."
        if server.is_gateway:
            hint = "Check the user in 'gateway', and 'key_file': a gateway is given no password."
        return "does not let us in: authentication failed", hint
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
    if isinstance(error, (*CUT, BrokenPipeError, ConnectionResetError, TimeoutError)):
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
        if isinstance(error, ConnectionRefusedError):
            text = "connection refused"
        names = "'gateway'" if server.is_gateway else "'host' and 'port'"
        return f"was not reached: {text}", f"Check {names}, and the network."
    return f"failed: {text}", "The old site is still there."


def _host_key(server: Server) -> tuple[str, str]:
    place = "'host_key'" if server.host_key else f"'{server.known_hosts_file.name}'"
    if server.is_known:
        return (
            f"has another key than the one in {place}: it may not be the server that you mean",
            "If it was set up anew, ask who runs it for its key, and write that down instead.",
        )
    port = f"-p {server.port} " if server.port != PORT else ""
    own = "" if server.is_gateway else "'host_key' or into "
    return (
        f"is not in {place}: nobody has said which key it has",
        f"Ask who runs it, or 'ssh-keyscan {port}{server.host}' from a network that you trust, "
        f"and put the key into {own}a file that 'known_hosts' names.",
    )
