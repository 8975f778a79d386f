"""The vectors: the engine in Odoo's Python answers as they say, and there are words for each answer."""

import base64
import functools
import json
import operator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.tests import tagged

from .. import engine
from ..models.aegis_license import CODES
from .common import LicenseCase

FOLDER = Path(__file__).resolve().parents[2] / "vectors"


def keyring(keys):
    """Trust the keys of a vector."""
    return functools.reduce(operator.or_, map(keyring_of, keys))


def keyring_of(key):
    limits = {name: key[name] for name in ("issuer", "use", "modules", "not_before", "not_after")}
    return engine.aegis_license.Keyring.from_pem({key["kid"]: pem(key["x"])}, **limits)


def pem(x):
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "="))
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def answer(vector):
    """Ask the engine what the vector asks."""
    context = vector["context"]
    instance, state = context["instance"], context.get("state")
    return engine.aegis_license.evaluate(
        vector["tokens"],
        module=context["module"],
        odoo_version=context["odoo_version"],
        feature=context.get("feature"),
        instance=engine.aegis_license.Instance(**instance) if instance else None,
        now=vector["now"],
        released=context["released"],
        neutralized=context.get("neutralized", False),
        state=engine.aegis_license.State.from_json(json.dumps(state)) if state else None,
        database_date=context.get("database_date"),
        users=context.get("users"),
        companies=context.get("companies"),
        keyring=keyring(vector["keys"]),
    )


@tagged("post_install", "-at_install")
class TestVectors(LicenseCase):
    def test_vectors(self):
        if not FOLDER.is_dir():
            self.skipTest("the vectors are in the repository of the addon")
        files = sorted(FOLDER.glob("*.json"))
        self.assertGreater(len(files), 600)
        for file in files:
            vector = json.loads(file.read_text())
            if vector["call"] != "evaluate":
                continue
            with self.subTest(file.stem):
                report = answer(vector)
                self.assertEqual(report.code, vector["expected"]["code"])
                self.assertIn(report.code, dict(CODES))
                message, remedy = self.licenses._words(report, vector["context"]["module"])
                self.assertTrue(message)
                self.assertEqual(bool(remedy), report.code != "valid")
