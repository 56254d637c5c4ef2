"""Runs git so that it never asks, never waits forever, and tells no secret."""

from __future__ import annotations

import math
import os
import re
import subprocess
import tempfile
from threading import Timer
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LONGEST = 3600.0
"""Seconds after which a command is ended, whatever it does."""

_USERINFO = re.compile(r"(?<=://)[^/\s'\"]*@")
_PROGRESS = re.compile(r"(remote: )?[A-Z][a-z]+ (objects|deltas): +(\d+% \((\d+)/(\d+)\)|\d+)")
_OVER_NETWORK = ("fetch", "ls-remote", "push")


class GitError(Exception):
    """Git ended with an error."""

    def __init__(self, command: str, said: str) -> None:
        lines = said.replace("\n", "\n  ")
        super().__init__(f"'git {command}' says: {lines}")
        self.said = said
        """Without a secret."""
        self.over_network = command in _OVER_NETWORK


class NoGitError(Exception):
    """There is no git."""


class Git:
    """Git in a folder."""

    def __init__(self, folder: Path, timeout: float) -> None:
        """Name a folder.

        Args:
            folder: Of the project, or below it.
            timeout: Seconds without a byte after which a remote over HTTP or SSH is given up.
        """
        self._folder = folder
        self._timeout = timeout

    def run(
        self,
        *arguments: str,
        text: str = "",
        env: Mapping[str, str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> str:
        """Return what git says.

        Args:
            arguments: Command and options.
            text: What it reads.
            env: Variables beside those of this process.
            progress: Told how many objects are sent, and of how many; for `push --progress`.

        Raises:
            GitError: It ended with an error, or took too long.
            NoGitError: There is no git.
        """
        network = arguments[0] in _OVER_NETWORK
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
            given.write(text.encode(errors="surrogateescape"))
            given.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603 - no shell
                    ["git", *(self._patience() if network else ()), *arguments],  # noqa: S607
                    cwd=self._folder,
                    env={**os.environ, **self._silence(ssh=network), **(env or {})},
                    stdin=given,
                    stdout=answer,
                    stderr=subprocess.PIPE,
                )
            except FileNotFoundError as error:
                raise NoGitError("git is not on the PATH") from error
            said, late = _followed(process, progress)
            if late:
                raise GitError(arguments[0], "it took too long, timed out")
            if process.returncode:
                raise GitError(arguments[0], said or f"status {process.returncode}")
            answer.seek(0)
            return answer.read().decode(errors="surrogateescape")

    def setting(self, name: str) -> str:
        """Return a setting of git; "" where there is none."""
        return self.run("config", "--default", "", "--get", name).strip()

    def _patience(self) -> tuple[str, ...]:
        return ("-c", "http.lowSpeedLimit=1", "-c", f"http.lowSpeedTime={math.ceil(self._timeout)}")

    def _silence(self, *, ssh: bool) -> dict[str, str]:
        """Return variables that keep git from asking; SSH only where the project has no own."""
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        own = {"GIT_SSH", "GIT_SSH_COMMAND"} & os.environ.keys()
        if not ssh or own or self.setting("core.sshCommand"):
            return quiet
        each = max(1, math.ceil(self._timeout / 3))
        options = f"-oServerAliveInterval={each} -oConnectTimeout={math.ceil(self._timeout)}"
        return {**quiet, "GIT_SSH_COMMAND": f"ssh -oBatchMode=yes {options}"}


def without_user(text: str) -> str:
    """Return a text whose addresses have no user and no password."""
    return _USERINFO.sub("", text)


def _followed(
    process: subprocess.Popen[bytes], progress: Callable[[int, int], None] | None
) -> tuple[str, bool]:
    """Wait for a process; return what it said, and whether it had to be ended."""
    late: list[bool] = []

    def end() -> None:
        late.append(True)
        process.terminate()

    timer = Timer(LONGEST, end)
    timer.start()
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    try:
        with process.stderr as stream:
            said = "\n".join(_lines(stream, progress))
        process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        timer.cancel()
    return without_user(said), bool(late)


def _lines(stream: IO[bytes], progress: Callable[[int, int], None] | None) -> list[str]:
    """Return what is said beside the progress, which is told as it comes."""
    found: list[str] = []
    rest = b""
    begun = False
    while part := os.read(stream.fileno(), 65536):
        *lines, rest = re.split(rb"[\r\n]+", rest + part)
        for line in (one.decode(errors="replace") for one in lines):
            match = _PROGRESS.match(line)
            if match is None:
                found.append(line)
            elif progress and match[4] and line.startswith("Writing"):
                if not begun:
                    progress(0, int(match[5]))
                progress(int(match[4]), int(match[5]))
                begun = True
    last = rest.decode(errors="replace")
    return [line.strip() for line in (*found, last) if line.strip()]
