"""A real OpenSSH server on loopback, with keys of its own, that lets in whoever runs the tests."""

from __future__ import annotations

import getpass
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import asyncssh

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server")


class SSHServer:
    """Serves until it is closed; each connection is one process of it."""

    def __init__(
        self,
        folder: Path,
        largest_file: int | None = None,
        path: str = "",
        command: str = "",
        settings: str = "",
    ) -> None:
        """Start it.

        Args:
            folder: Where its keys and settings are kept.
            largest_file: Bytes after which a file cannot grow, as on a full disk.
            path: Where its commands are found.
            command: What is run in place of each command, SFTP included; "" for what is asked.
            settings: Further lines of its settings.
        """
        assert SSHD is not None
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.user = getpass.getuser()
        self.key_file = folder / "id_ed25519"
        _key(self.key_file, "user")
        self.host_key = _key(folder / "host_ed25519", "host")
        (folder / "authorized_keys").write_text((folder / "id_ed25519.pub").read_text())
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {self.host_key}\n")
        self.known_hosts = folder / "known_hosts"
        self.sftp_server = server = next(
            (path for path in SFTP_SERVERS if Path(path).exists()), "internal-sftp"
        )
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder}/host_ed25519\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nStrictModes no\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin yes\nMaxStartups 100\nPerSourcePenalties no\n"
            f"Subsystem sftp {server}\n"
            + (f"SetEnv PATH={path}\n" if path else "")
            + (f"ForceCommand {command}\n" if command else "")
            + settings
        )
        written = (folder / "sshd_config").read_text()
        if "PerSourcePenalties" not in _known_settings():
            (folder / "sshd_config").write_text(written.replace("PerSourcePenalties no\n", ""))

        def limit() -> None:
            if largest_file is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        self._process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
            restore_signals=False,
        )
        self.log: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._ready.wait(30):
            self.close()
            raise RuntimeError("".join(self.log))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            if "Server listening" in line:
                self._ready.set()


def _known_settings() -> str:
    """Return "PerSourcePenalties" where this server has such a setting."""
    assert SSHD is not None
    asked = subprocess.run(
        [SSHD, "-T", "-f", os.devnull], capture_output=True, text=True, check=False
    )
    return "PerSourcePenalties" if "persourcepenalties" in asked.stdout.lower() else ""


def _key(file: Path, comment: str) -> str:
    """Make a key; return its public half."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment)
    key.write_private_key(str(file))
    file.chmod(0o600)
    key.write_public_key(f"{file}.pub")
    return Path(f"{file}.pub").read_text().strip()
