"""For the tests of a protected module: licenses of a throw-away vendor, or none. In Odoo's test mode only."""

import base64
import json
import time
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo import release
from odoo.tests import TransactionCase, tagged
from odoo.tools import config

from . import countdown_table, engine, guard, state_table
from .countdown import DAY, Countdown
from .guard import passed
from .license_files import reader
from .models.aegis_license_facts import TOKENS


class Vendor:
    """An issuer with a key of its own, made at run time.

    :raise RuntimeError: Odoo does not run in test mode
    """

    def __init__(self, issuer="Example Vendor", kid="example-2026"):
        if not config["test_enable"]:
            raise RuntimeError("licenses for tests are for Odoo's test mode: start it with --test-enable")
        self.issuer = issuer
        self.kid = kid
        self._private = Ed25519PrivateKey.generate()

    def keyring(self, modules=None):
        """Give a ``Keyring`` that trusts this vendor."""
        public = self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return engine.aegis_license.Keyring.from_pem(
            {self.kid: public.decode()}, issuer=self.issuer, use=["license"], modules=modules
        )

    def license(self, module, /, typ="aegis-license+jwt", without=(), **changes):
        """Sign a license that works here for a year from now, changed as told.

        :param str module: technical name of the module that it covers
        :param without: names of claims to leave out
        :param changes: claims to put in or to replace; instants in Unix seconds
        :rtype: str
        """
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
        if "modules" in changes:
            del claims["module"]
        return self.sign({name: value for name, value in claims.items() if name not in without}, typ)

    def sign(self, claims, typ="aegis-license+jwt"):
        """Sign claims, whatever they are."""
        header = {"alg": "EdDSA", "typ": typ, "kid": self.kid}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        return "%s.%s" % (signed, _base64url(self._private.sign(signed.encode())))


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@tagged("post_install", "-at_install")
class LicensedCase(TransactionCase):
    """Tests of a protected module that has never worked, and has no license until a test gives it one.

    All of them fail when what the manifest declares is wrong.

    :cvar str licensed_module: technical name of the module
    """

    licensed_module = ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.licensed_module:
            raise ValueError("set licensed_module to the technical name of the module")
        cls.check_declaration()
        cls.vendor = Vendor()
        keyring = cls.vendor.keyring()
        cls.licenses = cls.env["aegis.license"]
        cls.parameters = cls.env["ir.config_parameter"].sudo()
        cls.classPatch(type(cls.licenses), "_keyring", lambda self: keyring)
        cls.classPatch(type(cls.licenses), "_files", lambda self: ())
        # Nothing is committed by a test.
        cls.classPatch(
            countdown_table, "write_at_once", lambda _registry, *what: countdown_table.write(cls.cr, *what)
        )
        cls.classPatch(state_table, "at_once", lambda _env, change: change(cls.cr))
        cls.addClassCleanup(reader.forget)
        # Between the tests the cache must not carry over what this class has.
        cls.env.registry.clear_cache()
        cls.addClassCleanup(cls.env.registry.clear_cache)
        cls.use_no_license()
        state_table.write(cls.cr, "{}")

    def setUp(self):
        super().setUp()
        # What the test before did is undone.
        countdown_table.written.clear()
        state_table.written.clear()
        passed.clear()

    @classmethod
    def use_license(cls, days=30, **claims):
        """Store a license of the module in place of what is there.

        :param days: so many days from now it ends; negative when it has ended
        :param claims: further claims of its token, such as ``limits={"users": 5}``
        """
        end = int(time.time()) + int(days * DAY) + 60
        cls.parameters.set_param(TOKENS, cls.vendor.license(cls.licensed_module, **{"exp": end, **claims}))

    @classmethod
    def use_no_license(cls, counting_down=False):
        """Take the license away.

        :param bool counting_down: whether the module goes on working for some days, as after it has worked
        """
        cls.parameters.search([("key", "=", TOKENS)]).unlink()
        countdown_table.write(cls.cr, cls.licensed_module, Countdown(worked=counting_down))

    @classmethod
    def check_declaration(cls):
        """Insist that what the manifest declares makes sense.

        :raise AssertionError: it does not; the message says why
        """
        declaration = cls.env["aegis.license"]._read_facts().declarations.get(cls.licensed_module)
        found = ['it has no "aegis" in its manifest, or is not installed']
        if declaration:
            found = list(guard.problems(cls.env, cls.licensed_module, declaration))
        if found:
            raise AssertionError("%s: %s" % (cls.licensed_module, "; ".join(found)))
