"""Licenses of paid Odoo modules, checked offline. Others call what is in ``models/aegis_license.py``."""

from . import models
from .hooks import post_init_hook, pre_init_hook, uninstall_hook
