"""A vendor with a root key: it withdraws licenses and certifies further keys."""

import base64
import hashlib
import time

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .. import engine
from ..testing import DAY
from .common import Vendor

USES = ["license", "revocation", "certify"]


class Root(Vendor):
    """A vendor whose key may sign everything."""

    def keyring(self, modules=None):
        pem = (
            self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )
        return engine.aegis_license.Keyring.from_pem(
            {self.kid: pem}, issuer=self.issuer, use=USES, modules=modules
        )

    def list(self, seq, revoked=(), keys=(), **changes):
        """Sign a list of withdrawn licenses.

        :param revoked: the ``jti`` of each
        :param keys: ids of withdrawn keys
        """
        claims = {"iss": self.issuer, "iat": int(time.time()) - DAY, "seq": seq, **changes}
        claims["revoked"] = [list_id(jti) for jti in revoked]
        claims.update({"revoked_keys": list(keys)} if keys else {})
        return self.sign(claims, "aegis-revocation+jwt")

    def certified(self, use=("license",), name="Signing key", **claims):
        """Make a further key, and certify it."""
        key = Certified(self.issuer)
        what = {"iss": self.issuer, "iat": int(time.time()) - 30 * DAY, "kid": key.kid, "name": name}
        key.certificate = self.sign({**what, "x": key.x, "use": list(use), **claims}, "aegis-key+jwt")
        return key


class Certified(Vendor):
    """The holder of a certified key: ``kid`` is its thumbprint (RFC 7638)."""

    certificate = ""

    def __init__(self, issuer):
        super().__init__(issuer)
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.x = _base64url(public)
        self.kid = _base64url(
            hashlib.sha256(b'{"crv":"Ed25519","kty":"OKP","x":"%s"}' % self.x.encode()).digest()
        )


def list_id(jti):
    """Give what a list has of a license: the half of a hash of its id."""
    return _base64url(hashlib.sha256(jti.encode()).digest()[:16])


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
