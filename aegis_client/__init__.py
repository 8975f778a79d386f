"""Licenses of paid Odoo modules, checked offline. Other modules call what is in ``models/aegis_license.py``."""

from . import models
from .hooks import uninstall_hook
