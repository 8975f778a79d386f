"""Checks licenses of Odoo modules offline.

``verify_license`` checks one token and raises a ``LicenseError`` when it is refused; ``evaluate`` checks a
text with any number of tokens and answers with a ``Report``.
"""

from . import _native
from ._native import (
    __version__,
    activation_request,
    embedded_keyring,
    evaluate,
    fingerprint,
    inspect_token,
    verify_license,
)

__all__ = [
    "Assessment",
    "BadSignatureError",
    "Change",
    "Check",
    "ExpiredError",
    "Instance",
    "Keyring",
    "License",
    "LicenseError",
    "MalformedError",
    "MissingError",
    "NotYetValidError",
    "Report",
    "RevokedError",
    "State",
    "TrustToken",
    "UnknownKeyError",
    "UnsupportedError",
    "UnverifiedToken",
    "UpdatesEndedError",
    "WrongInstanceError",
    "WrongIssuerError",
    "WrongModuleError",
    "WrongOdooVersionError",
    "__version__",
    "activation_request",
    "embedded_keyring",
    "evaluate",
    "fingerprint",
    "inspect_token",
    "verify_license",
]


def __getattr__(name: str) -> object:
    """Make a class on its first use: to make them all would take longer than the rest of the import."""
    value = globals()[name] = getattr(_native, name)
    return value


def __dir__() -> list[str]:
    """Name the classes too that were not used yet."""
    return __all__
