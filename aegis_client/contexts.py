"""What the present call comes from. Not in Odoo's context, which anybody can set over RPC."""

from contextlib import contextmanager
from contextvars import ContextVar

incoming_mail = ContextVar("aegis_incoming_mail", default=False)
"""Records are made out of e-mails that came in: a refused one would be lost."""

given_values = ContextVar("aegis_given_values", default=False)
"""Somebody handed in an e-mail together with values for the record."""

upgrade = ContextVar("aegis_upgrade", default=False)
"""Modules are marked for an upgrade, which installs what they newly need."""

scheduled = ContextVar("aegis_scheduled", default=False)
"""A scheduled action is about to run."""


@contextmanager
def marked(variable, value=True):
    """Set one of these for the time of a ``with``."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
