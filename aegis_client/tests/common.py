"""A test case in which a module of Odoo plays the protected one."""

import json
import time

from .. import state_table, testing
from ..declarations import Declaration
from ..testing import DAY, LicensedCase

MODULE = "base_setup"
"""A module that is installed wherever this one is, and plays the protected one."""

__all__ = ["DAY", "MODULE", "LicenseCase", "Vendor"]


class Vendor(testing.Vendor):
    """One whose licenses cover that module."""

    def license(self, module=MODULE, /, **how):
        return super().license(module, **how)


class LicenseCase(LicensedCase):
    """One protected module that has never worked, one trusted vendor, no license and no license file."""

    licensed_module = MODULE
    declaration = Declaration(released="2026-11-01")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Vendor()
        keyring = cls.vendor.keyring()
        cls.classPatch(type(cls.licenses), "_keyring", lambda self: keyring)
        cls.parameters.search([("key", "=like", "aegis.%")]).unlink()
        cls.licenses.sudo().search([]).unlink()
        cls.classPatch(type(cls.licenses), "_declarations", lambda self, installed: {MODULE: cls.declaration})
        cls.env.registry.clear_cache()

    @classmethod
    def check_declaration(cls):
        """Nothing: the module only plays a protected one."""

    def code(self, module=MODULE, **how):
        return self.licenses.check(module, **how).code

    def in_days(self, days):
        """Unix seconds so many days from now, a minute later, so that it is not the next instant's day."""
        return int(time.time()) + days * DAY + 60

    def remembered_of_licenses(self):
        """Give what the engine wanted remembered, as plain values."""
        return json.loads(state_table.read(self.env.cr))

    def let_pass(self, days):
        """Let what is remembered of licenses be so many days older."""
        older = _older(self.remembered_of_licenses(), int(days * DAY))
        state_table.write(self.env.cr, json.dumps(older))
        self.env.registry.clear_cache()

    def stored(self):
        return self.parameters.get_param("aegis.license_tokens", "")

    @classmethod
    def new_user(cls, login, groups="base.group_user", **values):
        users = cls.env["res.users"]
        # Renamed in Odoo 19.
        group_field = "group_ids" if "group_ids" in users._fields else "groups_id"
        return users.create(
            {
                "name": login,
                "login": login,
                "email": "%s@example.com" % login,
                group_field: [(6, 0, [cls.env.ref(name).id for name in groups.split(",")])],
                **values,
            }
        )


def _older(value, seconds):
    if isinstance(value, dict):
        return {name: _older(item, seconds) for name, item in value.items()}
    return value - seconds if isinstance(value, int) else value
