"""Fixtures, and the guard that the wheel is tested as installed."""

import sysconfig
from pathlib import Path

import aegis_license as aegis
import pytest
from support import ROOT, Vendor


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run against a source tree: users get the wheel, so the wheel is tested."""
    package = Path(aegis.__file__).resolve().parent
    sites = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    if package.parent not in sites or package.is_relative_to(ROOT / "python"):
        message = (
            f"aegis_license comes from {package}; install the wheel into this Python's site-packages first"
        )
        raise pytest.UsageError(message)


@pytest.fixture(scope="session")
def vendor() -> Vendor:
    """Give a throw-away vendor."""
    return Vendor()


@pytest.fixture(scope="session")
def keyring(vendor: Vendor) -> aegis.Keyring:
    """Trust the throw-away vendor, for every module and time."""
    return vendor.keyring()


@pytest.fixture(scope="session")
def token(vendor: Vendor) -> str:
    """Give a good license."""
    return vendor.license()
