"""Licenses of paid Odoo modules, checked offline. See ``models/aegis_license.py`` for what other modules call."""

from . import models
from .hooks import uninstall_hook
