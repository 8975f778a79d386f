"""The addon that the wheel carries: all of it, as it is in the checkout, and nothing around it."""

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path, PurePosixPath

from support import ROOT

PLACE = PurePosixPath("odoo/addons")


def _carried() -> dict[str, Path]:
    """Give the files that the wheel installs outside the engine and its metadata, by their place."""
    files = importlib.metadata.files("aegis-license") or ()
    outside = [file for file in files if not file.parts[0].startswith("aegis_license")]
    return {file.as_posix(): Path(file.locate()) for file in outside if "__pycache__" not in file.parts}


def _kept() -> list[str]:
    """Give the files of the addon that git keeps, or would; its tests are not for customers."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "aegis_client"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in set(done.stdout.splitlines()) if "tests" not in Path(name).parts]


def test_the_wheel_carries_the_addon_and_no_package_around_it() -> None:
    """An ``__init__.py`` in ``odoo/`` or ``odoo/addons/`` would hide Odoo, or its own addons."""
    carried = _carried()
    assert "odoo/addons/aegis_client/__manifest__.py" in carried
    assert sorted(carried) == sorted(str(PLACE / name) for name in _kept())
    for name in _kept():
        assert carried[str(PLACE / name)].read_bytes() == (ROOT / name).read_bytes(), name


def test_the_engine_does_not_touch_odoo() -> None:
    """Importing it neither imports nor looks for Odoo, and where there is none there is nothing to run."""
    code = "import sys, aegis_license; sys.exit('odoo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    found = importlib.util.find_spec("odoo")
    assert found is not None
    assert found.origin is None
