"""Packages of Debian, unpacked without installing them, or installed; apt verifies Debian's signatures.

For unpacking, apt gets folders of its own: it needs no root, and leaves the lists of packages alone. The
mirror is the one that the machine itself uses.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from odoo_lab.workspace import Unavailable, must, progress

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITES = ("sid", "trixie")
REMEDY = "fetching packages needs apt with a mirror of Debian, and the network"


def unpack(packages: Sequence[str], into: Path) -> None:
    """Fetch ``packages`` (``name/suite``) and unpack them into the folder ``into``.

    Raises:
        Unavailable: there is no apt, no mirror of Debian in its settings, or no network.
    """
    with tempfile.TemporaryDirectory(dir=into.parent) as folder:
        apt = _prepare(Path(folder))
        progress(f"fetching {packages[0]} and {len(packages) - 1} more packages from Debian")
        # apt-get writes into the working directory, and knows no option for another.
        must(["env", "--chdir", folder, *apt, "download", *packages], REMEDY)
        progress("unpacking them")
        for package in sorted(Path(folder).glob("*.deb")):
            must(["dpkg", "-x", package, into], "unpacking Debian's packages needs dpkg and disk space")


def install(packages: Sequence[str]) -> None:
    """Install ``packages`` on this machine, as root; as another only where continuous integration lets us.

    Raises:
        Unavailable: they cannot be installed.
    """
    remedy = f"install {' '.join(packages)} with apt-get"
    may = os.geteuid() == 0 or os.environ.get("CI")
    if not may or shutil.which("apt-get") is None:
        raise Unavailable(remedy)
    progress(f"installing {' '.join(packages)} (once)")
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    must([*as_root, "apt-get", "update", "-qq"], remedy)
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq"]
    must([*as_root, *apt, "--no-install-recommends", *packages], remedy)


def _prepare(folder: Path) -> list[str]:
    """Fetch the lists from the first mirror that has the suites; give the apt-get command that reads them."""
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    apt = _command(folder)
    failure = Unavailable(f"{REMEDY}; this machine's apt settings name no mirror")
    for mirror in _mirrors():
        signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        lines = [f"deb {signed}{mirror} {suite} main\n" for suite in SUITES]
        (folder / "sources.list").write_text("".join(lines))
        try:
            must([*apt, "update", "--error-on=any"], REMEDY)
        except Unavailable as error:
            failure = error
        else:
            return apt
    raise failure


def _command(folder: Path) -> list[str]:
    options = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        # The sandbox's account cannot reach a checkout in somebody's home.
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
    }
    return ["apt-get", "--quiet=2", *(f"--option={name}={value}" for name, value in options.items())]


def _mirrors() -> list[str]:
    """Give the addresses of the machine's own sources, the likeliest mirror of Debian first."""
    found = must(["apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI) $(COMPONENT)"], REMEDY)
    fields = [line.split() for line in found.splitlines()]
    addresses = {line[1].rstrip("/") for line in fields if line[0] == "Packages" and line[2:] == ["main"]}
    return sorted(addresses, key=lambda address: (not address.endswith("/debian"), address))
