"""A disk that is soon full, where whoever runs the tests may mount one."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from required import lacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def small_disk(folder: Path, size: int, files: int = 0) -> Iterator[Callable[[int], None]]:
    """Make a folder a disk of so many bytes; give what changes how many. Skip without the right.

    Args:
        folder: Made if it is not there.
        size: Bytes.
        files: How many files and folders it may have until it is resized; 0 for any number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        lacks("only root may mount a disk")
    limits = f"size={size},nr_inodes={files}"
    options = ["mount", "-t", "tmpfs", "-o", limits, "kpisite", str(folder)]
    mounted = subprocess.run(options, check=False, capture_output=True, text=True)
    if mounted.returncode:
        lacks(f"no disk can be mounted here: {mounted.stderr.strip()}")

    def resize(new: int) -> None:
        more = f",nr_inodes={10 * files}" if files else ""  # one without a limit never gets one
        command = ["mount", "-o", f"remount,size={new}{more}", str(folder)]
        subprocess.run(command, check=True, capture_output=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
