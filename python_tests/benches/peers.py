"""How each peer checks a token: signature, expiry, issuer, and the claims as Python objects.

Every function imports its peer, prepares the public key once, as well as the peer allows, and returns what
checks one token: it gives the claims, or raises.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[str], object]

ALGORITHMS = ["EdDSA"]


def pyjwt(pem: str, issuer: str) -> Check:
    """PyJWT with a key object of ``cryptography``."""
    decode = importlib.import_module("jwt").decode
    serialization = importlib.import_module("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_public_key(pem.encode())
    return lambda token: decode(token, key, algorithms=ALGORITHMS, issuer=issuer)


def joserfc(pem: str, issuer: str) -> Check:
    """Joserfc, which leaves the claims to a registry of its own."""
    jwt = importlib.import_module("joserfc.jwt")
    key = importlib.import_module("joserfc.jwk").OKPKey.import_key(pem)
    registry = jwt.JWTClaimsRegistry(iss={"essential": True, "value": issuer}, exp={"essential": True})

    def check(token: str) -> object:
        decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
        registry.validate(decoded.claims)
        return decoded.claims

    return check


def authlib(pem: str, issuer: str) -> Check:
    """Authlib's own JOSE module."""
    outdated = importlib.import_module("authlib.deprecate").AuthlibDeprecationWarning
    warnings.simplefilter("ignore", outdated)
    jose = importlib.import_module("authlib.jose")
    decode = jose.JsonWebToken(ALGORITHMS).decode
    key = jose.OKPKey.import_key(pem)
    options = {"iss": {"essential": True, "value": issuer}, "exp": {"essential": True}}

    def check(token: str) -> object:
        claims = decode(token, key, claims_options=options)
        claims.validate()
        return claims

    return check


def jwcrypto(pem: str, issuer: str) -> Check:
    """Jwcrypto, which gives the claims as text."""
    jwt = importlib.import_module("jwcrypto.jwt")
    loads = importlib.import_module("json").loads
    key = importlib.import_module("jwcrypto.jwk").JWK.from_pem(pem.encode())
    wanted = {"iss": issuer, "exp": None}
    return lambda token: loads(jwt.JWT(jwt=token, key=key, algs=ALGORITHMS, check_claims=wanted).claims)


def oxyjwt(pem: str, issuer: str) -> Check:
    """Oxyjwt: Rust with AWS-LC."""
    module = importlib.import_module("oxyjwt")
    decode = module.decode
    key = module.DecodingKey.from_ed_pem(pem)
    return lambda token: decode(token, key, algorithms=ALGORITHMS, issuer=issuer)


def webtoken(pem: str, issuer: str) -> Check:
    """Webtoken: Rust; its key object is the fastest of the forms it takes."""
    module = importlib.import_module("webtoken")
    decode = module.decode
    key = module.load_key_from_pem(pem.encode())
    return lambda token: decode(token, key, algorithms=ALGORITHMS, issuer=issuer)


#: By the name of the distribution.
PEERS: dict[str, Callable[[str, str], Check]] = {
    "PyJWT": pyjwt,
    "joserfc": joserfc,
    "Authlib": authlib,
    "jwcrypto": jwcrypto,
    "oxyjwt": oxyjwt,
    "webtoken": webtoken,
}
