"""Which models are guarded, and by the license of which module; found out when Odoo has loaded them."""

import functools
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from odoo.modules.registry import Registry

from .contexts import given_values, incoming_mail, marked

_logger = logging.getLogger(__name__)


class Guarded(NamedTuple):
    """The guarded models, by operation: for the name of each that of the module whose license is needed."""

    create: Mapping = MappingProxyType({})
    write: Mapping = MappingProxyType({})


# Until all modules are loaded, and where this addon is not installed.
Registry.aegis_guarded = Guarded()

PASSING = 1
"""How long, in seconds, the guard lets pass without asking again: at times many records are made at once."""

passed = {}
"""From when until when this process lets pass without asking, in Unix seconds, by database and module."""


def freeze(env, declarations):
    """Note which models are guarded. What is wrong in the declarations goes into the log.

    :param declarations: for the name of each protected module its ``Declaration``
    """
    tables = {"create": {}, "write": {}}
    for module, declaration in declarations.items():
        for problem in problems(env, module, declaration):
            _logger.error("%s: %s", module, problem)
        for model, operations in declaration.models.items():
            if _is_own(env.registry, module, model):
                for operation in operations:
                    tables[operation][model] = module
    frozen = {operation: MappingProxyType(models) for operation, models in tables.items()}
    env.registry.aegis_guarded = Guarded(**frozen)


def problems(env, module, declaration):
    """Say what is wrong with a declaration, a sentence each."""
    yield from declaration.problems
    for model in declaration.models:
        if model not in env.registry:
            yield f'the model {model} under "aegis" does not exist'
        elif not _is_own(env.registry, module, model):
            yield (
                f'the model {model} under "aegis" belongs to another module: '
                "only models that a module defines itself can be guarded; protect methods with @licensed"
            )
    for menu in declaration.menus:
        if env["ir.model.data"]._xmlid_to_res_model_res_id(menu)[0] != "ir.ui.menu":
            yield f'the menu {menu} under "aegis" does not exist'


def _is_own(registry, module, model):
    """Whether it is this module that defines a model: another's would take unrelated work hostage."""
    return model in registry and registry[model]._original_module == module


def let_mail_in(registry):
    """Have records made out of incoming e-mails pass the guard, if there is a module for e-mails."""
    if "mail.thread" in registry:
        thread = registry["mail.thread"]
        _wrap(thread, "message_process", _process)
        _wrap(thread, "_message_route_process", _route)


def _process(original, self, model, message, custom_values=None, *args, **kwargs):
    # A mail server hands in a mail, and nothing else. With values it is a way to create records over RPC.
    with marked(given_values, bool(custom_values)):
        return original(self, model, message, custom_values, *args, **kwargs)


def _route(original, self, *args, **kwargs):
    with marked(incoming_mail, not given_values.get()):
        return original(self, *args, **kwargs)


def _wrap(model, name, wrapper):
    """Put a function around a method of a model, once; it is called with the method and its arguments."""
    original = getattr(model, name)
    if hasattr(original, "aegis_original"):
        return

    @functools.wraps(original)
    def method(self, *args, **kwargs):
        return wrapper(original, self, *args, **kwargs)

    method.aegis_original = original
    setattr(model, name, method)
