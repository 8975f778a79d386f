"""The vectors: the engine in Odoo's Python answers as they say, and there are words for each answer."""

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.tests import tagged

from .. import engine
from ..models.aegis_license import CODES
from .common import LicenseCase

FOLDER = Path(__file__).resolve().parents[2] / "vectors"


def keyring(keys):
    """Trust the keys of a vector, which share their limits."""
    limits = {name: keys[0][name] for name in ("issuer", "use", "modules", "not_before", "not_after")}
    return engine.aegis_license.Keyring.from_pem({key["kid"]: pem(key["x"]) for key in keys}, **limits)


def pem(x):
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "="))
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def answer(vector):
    """Ask the engine what the vector asks."""
    context = vector["context"]
    instance = context["instance"]
    return engine.aegis_license.evaluate(
        vector["tokens"],
        module=context["module"],
        odoo_version=context["odoo_version"],
        feature=context.get("feature"),
        instance=engine.aegis_license.Instance(**instance) if instance else None,
        now=vector["now"],
        released=context["released"],
        neutralized=context.get("neutralized", False),
        keyring=keyring(vector["keys"]),
    )


@tagged("post_install", "-at_install")
class TestVectors(LicenseCase):
    def test_vectors(self):
        if not FOLDER.is_dir():
            self.skipTest("the vectors are in the repository of the addon")
        files = sorted(FOLDER.glob("*.json"))
        self.assertGreater(len(files), 300)
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
