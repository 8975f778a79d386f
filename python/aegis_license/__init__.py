"""Checks licenses of Odoo modules offline.

``verify_license`` checks one token and raises a ``LicenseError`` when it is refused; ``evaluate`` checks a
text with any number of tokens and answers with a ``Report``.
"""

from . import _native

# One by one: `from ._native import …` would ask the engine for a `__path__`, and have it word a refusal.
__version__ = _native.__version__
activation_request = _native.activation_request
embedded_keyring = _native.embedded_keyring
evaluate = _native.evaluate
fingerprint = _native.fingerprint
inspect_token = _native.inspect_token
verify_license = _native.verify_license

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
