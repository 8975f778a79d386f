"""The install gate: a protected module is installed only with a license that works.

It has three doors: the buttons of Odoo's apps, the loading of each module, and the ``pre_init_hook`` of the
protected module, for a database where this addon comes in with it.

Refused is only what was asked for by name, or is needed by it. What comes along otherwise is installed, and
guarded: modules that Odoo installs by itself, and what an upgrade needs. An upgrade never fails.
"""

from odoo.tools import config

COMMAND_LINE_DONE = "aegis_command_line_done"
"""Set on the class of registries once the command line has its modules; Odoo 19 keeps what it asked for."""


def pre_init_hook_for(name):
    """Make the ``pre_init_hook`` of a protected module.

    :param str name: ``__name__`` of a file of the module, such as ``odoo.addons.acme_payroll``
    :return: the hook; it takes ``env`` and raises ``UserError`` when the module is not licensed
    """
    module = name.removeprefix("odoo.addons.").partition(".")[0]

    def pre_init_hook(env):
        if module in _asked_for(env):
            refuse_unlicensed(env, [module])

    return pre_init_hook


def refuse_unlicensed(env, modules):
    """Raise when a protected one among modules may not be installed.

    :param modules: technical names
    :raise UserError: it says which ones, why, and what to do
    """
    licenses = env["aegis.license"]
    reports = {module: licenses._report_for_installing(module) for module in modules}
    refused = {module: report for module, report in reports.items() if report}
    if refused:
        raise licenses._refusal_to_install(refused)


def refuse_at_loading(env):
    """Decide about all that is being installed, when the first of it is loaded.

    :raise UserError: something is not licensed
    """
    if not getattr(env.registry, "aegis_gate_passed", False):
        refuse_unlicensed(env, sorted(_asked_for(env)))
        env.registry.aegis_gate_passed = True


def parents(module):
    """Give the modules that need a module and were there before.

    :param module: record of ``ir.module.module``
    """
    return _needing(module).module_id.filtered(lambda parent: parent.state in ("installed", "to upgrade"))


def _asked_for(env):
    """Give the names of what is being installed because somebody asked for it, or for what needs it."""
    modules = env["ir.module.module"].search([("state", "=", "to install")])
    named, upgrade = _command_line(env.registry)
    by_name = env["ir.module.module"].search([("name", "in", named)])
    by_name |= by_name.upstream_dependencies()
    # What was left marked from before must not fail an upgrade.
    return {module.name for module in modules if module in by_name or not (upgrade or _comes_along(module))}


def _command_line(registry):
    """Give what the command line names for installing, and whether it names anything for an upgrade."""
    named = config["init"] or ()
    # On an empty database Odoo 17 and 18 name whatever they load, and "all".
    if "all" in named or getattr(type(registry), COMMAND_LINE_DONE, False):
        return [], False
    return list(named), bool(config["update"])


def _comes_along(module, seen=()):
    """Whether a module is installed though nobody asked for it, as far as that can be told."""
    if module.auto_install or parents(module):
        return True
    # Who is installed only because this module is does not need it.
    needing = _needing(module).filtered(lambda dependency: not dependency.auto_install_required)
    installing = needing.module_id.filtered(lambda parent: parent.state == "to install")
    return any(_comes_along(parent, (*seen, module)) for parent in installing if parent not in seen)


def _needing(module):
    return module.env["ir.module.module.dependency"].search([("name", "=", module.name)])
