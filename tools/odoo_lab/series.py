"""The Odoo of a series, ready to start, and the Python environments that it runs in."""

import dataclasses
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from odoo_lab import debian
from odoo_lab.workspace import CHECKOUT, LAB, Unavailable, building, lock, must, progress, remove

SERIES = ("17", "18", "19")
#: Odoo 19 of Debian, and the packages into which its symbolic links point.
PACKAGES = (
    "odoo-19/sid",
    "libjs-jquery/sid",
    "libjs-jquery-form/sid",
    "libjs-underscore/sid",
    "fonts-roboto-unhinted/sid",
    "fonts-montserrat/sid",
    "fonts-inconsolata/sid",
    "fonts-ocr-b/sid",
    "fonts-glyphicons-halflings/sid",
    "fonts-font-awesome/trixie",
)
PYTHONS = ("3.11", "3.10", "3.12")
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
START = """\
#!/usr/bin/env python3
__import__("os").environ["TZ"] = "UTC"
from odoo.cli import main

main()
"""


@dataclasses.dataclass(frozen=True)
class Odoo:
    """An Odoo that can be started.

    Attributes:
        number: its series, such as ``"19"``.
        python: the interpreter of the environment that it runs in.
        root: the folder of its ``odoo-bin``.
    """

    number: str
    python: Path
    root: Path

    @property
    def command(self) -> tuple[str, ...]:
        """How to start its ``odoo-bin``."""
        return str(self.python), str(self.root / "odoo-bin")

    @property
    def addons(self) -> tuple[Path, ...]:
        """Its own folders of addons."""
        folders = (self.root / "addons", self.root / "odoo" / "addons")
        return tuple(folder for folder in folders if folder.is_dir())

    def using(self, python: Path) -> "Odoo":
        """The same Odoo in another environment, as ``environment()`` gives it."""
        return dataclasses.replace(self, python=python)


def prepare(number: str) -> Odoo:
    """Prepare the Odoo of a series; what is there already is taken as it is.

    Raises:
        Unavailable: it is not to be had here; the message names the remedy.
    """
    if number not in SERIES:
        raise Unavailable(f"There is no series {number!r} in the lab; it knows {', '.join(SERIES)}.")
    root = _source(number) or (_debian() if number == "19" else None)
    if root is None:
        raise Unavailable(
            f"Odoo {number} is not here; set AEGIS_ODOO_{number} to the folder of a source checkout of it."
        )
    return Odoo(number, environment(), root)


def environment(name: str = "odoo", wheel: Path | None = None) -> Path:
    """Give the interpreter of an environment; each has what Odoo needs, all but ``odoo`` build on that one.

    Args:
        name: the name of the environment; ``odoo`` is the one without any wheel.
        wheel: what to install into it besides.

    Raises:
        Unavailable: there is no fitting Python, or the packages cannot be fetched.
    """
    recipe = REQUIREMENTS.read_text()
    base = _environment("odoo", recipe, _install_requirements)
    if name == "odoo" and wheel is None:
        return base
    content = hashlib.sha256(wheel.read_bytes()).hexdigest() if wheel else ""
    return _environment(name, recipe + content, lambda python: _extend(python, base, wheel))


def pip_install(python: Path, *arguments: str | Path, otherwise: str) -> None:
    """Install with the pip of an environment.

    Raises:
        Unavailable: pip failed; the message begins with ``otherwise``.
    """
    must([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments], otherwise)


def _source(number: str) -> Path | None:
    """The source checkout that the environment names for a series."""
    name = f"AEGIS_ODOO_{number}"
    value = os.environ.get(name)
    if not value:
        return None
    root = Path(value).resolve()
    if not (root / "odoo-bin").is_file() or not (root / "odoo" / "release.py").is_file():
        raise Unavailable(
            f"{name} names {root}, where there is no odoo-bin; name a source checkout of Odoo {number}."
        )
    release = (root / "odoo" / "release.py").read_text()
    if not re.search(rf"^version_info = \(\s*{number},", release, re.MULTILINE):
        raise Unavailable(
            f"{name} names {root}, which is another series; name a source checkout of Odoo {number}."
        )
    return root


def _debian() -> Path:
    """Odoo 19 as Debian packages it, laid out as a source checkout is."""
    target = LAB / "odoo-19"
    root = target / "usr" / "lib" / "python3" / "dist-packages"
    with lock("odoo-19"):
        if not target.is_dir():
            with building(target) as work:
                debian.unpack(PACKAGES, work)
                new = work / root.relative_to(target)
                # A part of the modules a second time, of which some lack their data.
                remove(new / "addons")
                (new / "odoo-bin").write_text(START)
    return root


def _environment(name: str, recipe: str, fill: Callable[[Path], None]) -> Path:
    """Make an environment unless it was made after the same recipe. It cannot be moved, hence the marker."""
    folder = LAB / "environments" / name
    python, marker = folder / "bin" / "python", folder / "recipe"
    with lock(f"environment-{name}"):
        if not (marker.is_file() and marker.read_text() == recipe and python.exists()):
            # The path of the interpreter is no part of the recipe: who asks may see another one first.
            remove(folder)
            progress(f"making the Python environment {name}")
            must([_interpreter(), "-m", "venv", folder], "making a virtual environment needs Python's venv")
            fill(python)
            marker.write_text(recipe)
    return python


def _install_requirements(python: Path) -> None:
    remedy = "installing what Odoo needs takes pip and the network"
    pip_install(python, "--only-binary", ":all:", "-r", REQUIREMENTS, otherwise=remedy)


def _extend(python: Path, base: Path, wheel: Path | None) -> None:
    """Make the packages of ``base`` visible, then install the wheel as anybody would."""
    (_site_packages(python) / "odoo-lab.pth").write_text(f"{_site_packages(base)}\n")
    if wheel:
        remedy = f"the wheel {wheel.name} cannot be installed; build it again"
        pip_install(python, "--no-deps", "--no-index", wheel, otherwise=remedy)


def _site_packages(python: Path) -> Path:
    return next(python.parents[1].glob("lib/python3*/site-packages"))


def _interpreter() -> str:
    """The Python to run Odoo with: its series agree on 3.10 to 3.12."""
    listed = must(["bash", CHECKOUT / "tools" / "pythons.sh"], "looking for a Python needs bash")
    found = dict(line.split(maxsplit=1) for line in listed.splitlines())
    for version in PYTHONS:
        if version in found:
            return found[version]
    raise Unavailable("Odoo needs Python 3.10, 3.11 or 3.12; install one and put it on the PATH.")
