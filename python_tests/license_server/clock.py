"""A clock that may be set while a server runs; see faketime(1)."""

from collections.abc import Mapping
from pathlib import Path

from odoo_lab import debian

PACKAGE = "libfaketime"
LIBRARY = "faketime/libfaketimeMT.so.1"


class Clock:
    """The clock of the processes that have its settings; of others it changes nothing.

    Attributes:
        env: the settings.
    """

    def __init__(self, file: Path) -> None:
        """Make a clock that is right, and reads from a file how far it is off."""
        self._file = file
        self.set("+0")
        self.env: Mapping[str, str] = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            # A clock that is set leaves durations alone.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, offset: str) -> None:
        """Set it by an offset, such as ``-2d``, from the right time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset}\n")
        new.rename(self._file)


def library() -> Path:
    """Give the library that stands between a program and the clock; it is installed on first use.

    Raises:
        Unavailable: it is not there and cannot be installed.
    """
    if not _installed():
        debian.install([PACKAGE])
    return _installed()[0]


def _installed() -> list[Path]:
    return list(Path("/usr/lib").glob(f"*-linux-gnu*/{LIBRARY}"))
