"""Checks licenses of Odoo modules offline.

``verify_license`` checks one token and raises a ``LicenseError`` when it is refused; ``evaluate`` checks a
text with any number of tokens and answers with a ``Report``.
"""

from ._native import __getattr__ as __getattr__  # makes the classes on first use
from ._native import (
    __version__,
    embedded_keyring,
    evaluate,
    fingerprint,
    inspect_token,
    verify_license,
)

__all__ = [
    "Assessment",
    "BadSignatureError",
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
    "UnknownKeyError",
    "UnsupportedError",
    "UnverifiedToken",
    "UpdatesEndedError",
    "WrongInstanceError",
    "WrongIssuerError",
    "WrongModuleError",
    "WrongOdooVersionError",
    "__version__",
    "embedded_keyring",
    "evaluate",
    "fingerprint",
    "inspect_token",
    "verify_license",
]
