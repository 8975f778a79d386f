"""An OpenBao of one test's own, which it may seal, with a signing key in it."""

import base64
import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from signer_lab import services

#: What signing takes, and no more.
POLICY = """
path "transit/keys/licenses" { capabilities = ["read"] }
path "transit/sign/licenses" { capabilities = ["update"] }
"""
KID = "vault-2026"
KEYRING = f"""[{KID}]
issuer = "AEGIS Lab"
use = ["license", "revocation"]
"""


@dataclass
class Vault:
    """A running OpenBao; see ``running``.

    Attributes:
        bao: where it is, and what opens it.
    """

    bao: services.OpenBao

    def seal(self) -> None:
        """Seal it: it signs nothing until somebody unseals it."""
        self._ask("PUT", "sys/seal")

    def unseal(self) -> None:
        """Unseal it."""
        self._ask("PUT", "sys/unseal", {"key": self.bao.unseal_key})

    def settings(self, folder: Path) -> Mapping[str, str]:
        """Make a key that signs licenses, and give the settings of a server that uses it.

        Args:
            folder: where what customers trust is written.
        """
        self._ask("POST", "sys/mounts/transit", {"type": "transit"})
        self._ask("POST", "transit/keys/licenses", {"type": "ed25519"})
        key = self._ask("GET", "transit/keys/licenses")["data"]["keys"]["1"]["public_key"]
        _trust(folder, base64.b64decode(key))
        role_id, secret_id = self._role()
        return {
            "AEGIS_SIGNER": f"vault:transit/licenses?version=1#{KID}",
            "AEGIS_TRUST": str(folder),
            "VAULT_ADDR": self.bao.address,
            "VAULT_ROLE_ID": role_id,
            "VAULT_SECRET_ID": secret_id,
        }

    def _role(self) -> tuple[str, str]:
        self._ask("POST", "sys/policies/acl/licenses", {"policy": POLICY})
        self._ask("POST", "sys/auth/approle", {"type": "approle"})
        role = "auth/approle/role/licenses"
        self._ask("POST", role, {"token_policies": ["licenses"]})
        role_id: str = self._ask("GET", f"{role}/role-id")["data"]["role_id"]
        secret_id: str = self._ask("POST", f"{role}/secret-id", {})["data"]["secret_id"]
        return role_id, secret_id

    def _ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Vault-Token": self.bao.token}
        request = urllib.request.Request(f"{self.bao.address}/v1/{path}", data, headers, method=method)  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def running(folder: Path) -> Iterator[Vault]:
    """Run an OpenBao of one's own.

    Raises:
        odoo_lab.Unavailable: it cannot be had here.
    """
    with services.openbao(folder) as bao:
        yield Vault(bao)


def _trust(folder: Path, public: bytes) -> None:
    """Write what a wheel is built from that trusts the key."""
    folder.mkdir()
    (folder / "keyring.toml").write_text(KEYRING)
    key = Ed25519PublicKey.from_public_bytes(public)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{KID}.public.pem").write_bytes(pem)
