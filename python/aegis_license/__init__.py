"""Checks licenses of Odoo modules offline.

``verify_license`` checks one token and raises a ``LicenseError`` when it is refused; ``evaluate`` checks a text with any
number of tokens and answers with a ``Report``.
"""

from ._native import *  # noqa: F403
from ._native import __version__ as __version__
