"""A throw-away vendor, and a test case whose Odoo trusts it."""

import base64
import json
import time
import uuid
from contextlib import nullcontext

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo import release
from odoo.tests import TransactionCase

from .. import engine
from ..countdown import Countdown
from ..declarations import Declaration
from ..license_files import reader

DAY = 24 * 60 * 60
MODULE = "base_setup"
"""A module that is installed wherever this one is, and plays the protected one."""


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Vendor:
    """An issuer with a key of its own, made at run time."""

    def __init__(self, issuer="Example Vendor", kid="example-2026"):
        self.issuer = issuer
        self.kid = kid
        self._private = Ed25519PrivateKey.generate()

    def keyring(self, modules=None):
        public = self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return engine.aegis_license.Keyring.from_pem(
            {self.kid: public.decode()}, issuer=self.issuer, use=["license"], modules=modules
        )

    def license(self, module=MODULE, typ="aegis-license+jwt", without=(), **changes):
        """Sign a license that works here for a year from now, changed as told."""
        now = int(time.time())
        claims = {
            "jti": str(uuid.uuid4()),
            "iss": self.issuer,
            "iat": now - DAY,
            "exp": now + 365 * DAY,
            "customer": {"id": "C-1", "name": "Azure Interior"},
            "module": {
                "technical_name": module,
                "allowed_major_versions": [release.major_version.split(".")[0]],
            },
            "license_type": "subscription",
            **changes,
        }
        return self.sign({name: value for name, value in claims.items() if name not in without}, typ)

    def sign(self, claims, typ="aegis-license+jwt"):
        header = {"alg": "EdDSA", "typ": typ, "kid": self.kid}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return "%s.%s" % (signed, base64url(self._private.sign(signed.encode())))


class LicenseCase(TransactionCase):
    """One protected module that has never worked, one trusted vendor, and neither license nor license file."""

    declaration = Declaration(released="2026-11-01")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = Vendor()
        cls.licenses = cls.env["aegis.license"]
        cls.parameters = cls.env["ir.config_parameter"].sudo()
        cls.parameters.search([("key", "=like", "aegis.%")]).unlink()
        cls.licenses.sudo().search([]).unlink()
        cls.countdowns = cls.env["aegis.countdown"]
        cls.countdowns.sudo().search([]).unlink()
        cls.countdowns._write_down(MODULE, Countdown(worked=False))
        cls.classPatch(type(cls.countdowns), "_cursor", lambda self: nullcontext(self.env.cr))
        keyring = cls.vendor.keyring()
        cls.classPatch(type(cls.licenses), "_keyring", lambda self: keyring)
        cls.classPatch(
            type(cls.licenses), "_declarations", lambda self, installed: {MODULE: cls.declaration}
        )
        cls.classPatch(type(cls.licenses), "_files", lambda self: ())
        cls.addClassCleanup(reader.forget)
        # Between the tests the cache must not carry over what this class declares.
        cls.env.registry.clear_cache()
        cls.addClassCleanup(cls.env.registry.clear_cache)

    def code(self, module=MODULE, **how):
        return self.licenses.check(module, **how).code

    def in_days(self, days):
        """Unix seconds so many days from now, a minute later, so that it is not the next instant's day."""
        return int(time.time()) + days * DAY + 60

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
