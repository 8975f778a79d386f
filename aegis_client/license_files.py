"""Licenses from files, for installations without a browser. Plain Python, no Odoo.

Where they are looked for:

- ``AEGIS_LICENSE_FILE``: a file, or a folder with ``<database>.license`` and ``default.license``;
- ``aegis.license`` at the root of each folder of the addons path.

A file is read again when it changes. While it cannot be read, its last good content counts. When it is gone,
it is gone.
"""

import logging
import os
import stat
import time
from pathlib import Path
from typing import NamedTuple

_logger = logging.getLogger(__name__)

MAX_SIZE = 4 * 1024 * 1024
"""The size of a bundle that the engine reads, in bytes."""

INTERVAL = 1.0
"""How long, in seconds, before the files are looked at again."""


class LicenseFile(NamedTuple):
    """A license file and what it says; ``problem`` is set when this is not its present content."""

    path: str
    text: str
    problem: str = ""


def candidates(database, addons_path):
    """List the paths where licenses for a database may lie, in a fixed order.

    :param str database: name of the database
    :param addons_path: iterable of folders
    :rtype: list[pathlib.Path]
    """
    found = []
    named = os.environ.get("AEGIS_LICENSE_FILE", "").strip()
    if named:
        path = Path(named)
        # Unlike that of Path, this one raises nothing where a folder above is closed.
        is_folder = os.path.isdir(named)  # noqa: PTH112
        found += [path / f"{database}.license", path / "default.license"] if is_folder else [path]
    found += [Path(folder) / "aegis.license" for folder in addons_path]
    return list(dict.fromkeys(found))


class Reader:
    """Reads license files and remembers what it read: one per process."""

    def __init__(self):
        self._contents = {}  # path -> (stamp, LicenseFile)
        self._answers = {}  # database -> (when, answer)

    def files_of(self, database, addons_path, is_readable):
        """Give the license files of a database.

        :param str database: name of the database
        :param addons_path: iterable of folders
        :param is_readable: says of a text whether it has a license that can be read
        :rtype: tuple[LicenseFile, ...]
        """
        now = time.monotonic()
        when, answer = self._answers.get(database, (None, ()))
        if when is None or now - when >= INTERVAL:
            files = [self._look(path, is_readable) for path in candidates(database, addons_path)]
            answer = tuple(file for file in files if file)
            self._answers[database] = (now, answer)
        return answer

    def forget(self):
        """Look at the files again on the next call."""
        self._answers.clear()

    def _look(self, path, is_readable):
        """Give the file as it is, or last was while it cannot be read; ``None`` when it is not there."""
        stamp, known = self._contents.get(path, (None, None))
        try:
            status = path.stat()
            present = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
            if stamp == present:
                return known
            file = LicenseFile(str(path), _text(path, status, is_readable))
            self._contents[path] = (present, file)
        except (FileNotFoundError, NotADirectoryError):
            self._contents.pop(path, None)
            return None
        except (OSError, ValueError) as error:
            return self._last_good(path, known, error)
        return file

    def _last_good(self, path, known, error):
        problem = str(error)
        if not known or known.problem != problem:
            _logger.warning("The license file %s cannot be read: %s", path, problem)
        file = LicenseFile(str(path), known.text if known else "", problem)
        # Without a stamp: it is tried again each time.
        self._contents[path] = (None, file)
        return file


def _text(path, status, is_readable):
    """Read a file that may be a bundle.

    :raise ValueError: it is none
    """
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a regular file")
    if status.st_size > MAX_SIZE:
        raise ValueError(f"it has more than {MAX_SIZE} bytes")
    text = path.read_bytes().decode("utf-8-sig")
    if not is_readable(text):
        raise ValueError("there is no complete license of a trusted vendor in it")
    return text


reader = Reader()
"""The one of this process."""
