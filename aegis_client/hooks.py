"""What happens once, at uninstallation."""


def uninstall_hook(env):
    """Take the parameters of this addon with it: Odoo only removes what a module's data files created."""
    parameters = env["ir.config_parameter"].sudo()
    parameters.search([("key", "=like", "aegis.%")]).unlink()
