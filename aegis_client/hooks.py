"""What happens once, at installation and at uninstallation."""

from odoo.exceptions import UserError

from . import countdown_table, engine, state_table
from .models.aegis_license_facts import OWN_PARAMETERS


def pre_init_hook(env):
    """Refuse to be installed without the engine.

    Not by ``external_dependencies``: Odoo asks for those at every upgrade too, and an upgrade of the database
    must never fail for want of a license check.

    :raise UserError: the wheel is missing or too old
    """
    problem = engine.problem()
    if problem:
        # In English: translations come with the installation.
        raise UserError("%s %s" % (problem.message, problem.remedy))  # pylint: disable=translation-required


def post_init_hook(env):
    """Remember the protected modules that were there before their protection: they have worked."""
    env["aegis.license"]._remember_all()


def uninstall_hook(env):
    """Take the licenses and what is remembered along: Odoo only removes what it made itself."""
    countdown_table.drop(env.cr)
    state_table.drop(env.cr)
    env["ir.config_parameter"].sudo().search([("key", "in", OWN_PARAMETERS)]).unlink()
