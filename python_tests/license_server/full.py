"""A disk that is full: a small file system in memory for root, a limit of the size of files for others."""

import contextlib
import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

#: As much as a few hundred licenses take, and the database besides.
SIZE = 16 * 1024 * 1024
BLOCK = 4096


class Disk(ABC):
    """What a server writes on.

    Attributes:
        folder: where the server writes.
        prefix: the command that starts the server.
    """

    folder: Path
    prefix: tuple[str, ...] = ()

    @abstractmethod
    def fill(self, pid: int) -> None:
        """Leave no room for the process."""

    @abstractmethod
    def clear(self, pid: int) -> None:
        """Make room again."""


class SmallDisk(Disk):
    """A file system of its own; only root may mount one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, pid: int) -> None:
        """Leave no room for anybody, to the last byte."""
        with self._ballast.open("ab", buffering=0) as ballast:
            _write_on(ballast)

    def clear(self, pid: int) -> None:
        """Make room again."""
        self._ballast.unlink()


class LimitedFiles(Disk):
    """A limit of the process: its files grow no more, and it lives on, as on a full disk."""

    prefix = ("env", "--ignore-signal=XFSZ")

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, pid: int) -> None:
        """Let no file grow beyond a block."""
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (BLOCK, resource.RLIM_INFINITY))

    def clear(self, pid: int) -> None:
        """Let them grow again."""
        unlimited = resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Give a disk that can be filled."""
    folder.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={SIZE},mode=0700")
    mounted = os.geteuid() == 0 and _runs("mount", *options, "aegis-tests", str(folder))
    if not mounted:
        yield LimitedFiles(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        # The server may still be ending.
        _runs("umount", "--lazy", str(folder))


def _runs(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _write_on(file: FileIO) -> None:
    """Write until there is no room."""
    with contextlib.suppress(OSError):
        while file.write(bytes(BLOCK)):
            pass
