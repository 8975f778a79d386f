"""The desk of the lab's vendor: the real ``aegis`` command on a folder of keys with a ledger."""

import json
import shutil
from pathlib import Path
from typing import Any

from odoo_lab import vendor

MODULE = "aegis_demo:17,18,19"


class Desk:
    """A copy of the lab's keys, whose roots the servers trust, with a ledger of its own."""

    def __init__(self, folder: Path) -> None:
        self.keys = folder / "keys"
        ignored = shutil.ignore_patterns("*.jsonl", "lab-????????.*")
        shutil.copytree(vendor.folder() / "keys", self.keys, ignore=ignored)
        passphrase = vendor.folder() / "passphrase"
        self.passphrase: tuple[str | Path, ...] = ("--passphrase-file", passphrase)
        self.root_passphrase: tuple[str | Path, ...] = ("--root-passphrase-file", passphrase)
        self.ledger: tuple[str | Path, ...] = ("--ledger", self.keys / "licenses.jsonl")

    def generate(self, kid: str) -> None:
        """Make a signing key."""
        what = ("--kid", kid, "--issuer", vendor.ISSUER, "--dir", self.keys)
        vendor.aegis("keys", "generate", *what, *self.passphrase)

    def certify(self, kid: str, root: str, *more: str) -> None:
        """Let a root certify a key."""
        how = ("--dir", self.keys, "--root", root, *self.root_passphrase, *more)
        vendor.aegis("keys", "certify", kid, *how)

    def rotate(self, old: str, new: str, root: str) -> None:
        """Make the successor of a key."""
        how = ("--kid", new, "--dir", self.keys, "--root", root)
        vendor.aegis("keys", "rotate", old, *how, *self.root_passphrase, *self.passphrase)

    def thumbprint(self, kid: str) -> str:
        """Give the id under which a certified key signs."""
        shown = json.loads(vendor.aegis("keys", "show", self.keys / f"{kid}.public.pem", "--json"))
        found: str = shown[0]["thumbprint"]
        return found

    def lose(self, kid: str) -> None:
        """Have no private half of a key any more."""
        self._private(kid).unlink()

    def issue(self, kid: str, *more: str, modules: tuple[str, ...] = (MODULE,)) -> str:
        """Issue a subscription of 400 days and give what the customer gets."""
        covered = [argument for module in modules for argument in ("--module", module)]
        sold = ("--customer-id", "LAB-1", "--customer-name", "Azure Interior", "--type", "subscription")
        signer = ("--key", self._private(kid), *self.passphrase)
        return vendor.aegis("license", "issue", *signer, *sold, "--days", "400", *covered, *more)

    def issued(self) -> list[dict[str, Any]]:
        """List the licenses of the ledger, the oldest first."""
        return [json.loads(line) for line in (self.keys / "licenses.jsonl").read_text().splitlines()]

    def revoke(self, *what: str) -> None:
        """Take note that something is revoked: a license by its id, or a key by ``--kid=KID``."""
        vendor.aegis("revoke", "add", *what, *self.ledger)

    def sign_list(self, kid: str) -> str:
        """Sign the list of what is revoked, and give the text for customers."""
        vendor.aegis("revoke", "sign", "--key", self._private(kid), *self.passphrase, *self.ledger)
        return vendor.aegis("bundle", *self.ledger)

    def bundle(self, *licenses: str) -> str:
        """Put together what a customer needs."""
        return vendor.aegis("bundle", *licenses, *self.ledger)

    def reissue(self, old: str, new: str) -> list[str]:
        """Issue again what a key has signed, and give the text for each customer."""
        how = ("--kid", old, "--key", self._private(new), *self.passphrase, *self.ledger)
        done = json.loads(vendor.aegis("license", "reissue", *how, "--json"))
        return [Path(each["file"]).read_text() for each in done["licenses"]]

    def _private(self, kid: str) -> Path:
        return self.keys / f"{kid}.private.pem"
