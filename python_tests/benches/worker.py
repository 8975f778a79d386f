"""One process of the benchmark: ``worker.py FOLDER`` prints JSON, nanoseconds a call."""

from __future__ import annotations

import base64
import gc
import importlib
import json
import sys
import timeit
import warnings
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, TypeVar

from material import BUNDLE_TOKENS, ISSUER, KID, MODULE, ODOO_VERSION
from peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from peers import Check

Item = TypeVar("Item")

ROUNDS = 30


class ColdCalls:
    """Times calls one by one and keeps, for every token, its fastest round."""

    def __init__(self) -> None:
        self.best: dict[str, list[int]] = {}

    def round(self, name: str, call: Callable[[Item], object], items: Sequence[Item]) -> None:
        """Call ``call`` once with every item."""
        times = []
        for item in items:
            start = perf_counter_ns()
            call(item)
            times.append(perf_counter_ns() - start)
        self.best[name] = [min(pair) for pair in zip(times, self.best.get(name, times), strict=True)]

    def means(self) -> dict[str, float]:
        """Nanoseconds a call: the mean over the tokens of their fastest rounds."""
        return {name: sum(times) / len(times) for name, times in self.best.items()}


class Bench:
    """The wheel and everything it is measured against, ready to be called."""

    def __init__(self, folder: Path) -> None:
        self.aegis = importlib.import_module("aegis_license")
        self.pem = (folder / "key.pem").read_text("ascii")
        self.tokens = (folder / "tokens.txt").read_text("ascii").splitlines()
        self.signed = [taken_apart(token) for token in self.tokens]
        self.bare_key = importlib.import_module("aegis_bench_verify").Key(raw_public_key(self.pem))
        self.checks = {**prepared_peers(self.pem), "cold": self.verifier()}
        self.bundle = (folder / "bundle.txt").read_text("ascii")
        self.list = (folder / "list.txt").read_text("ascii")
        self.keyring = self.new_keyring()
        self.warm = self.warm_timers()

    def new_keyring(self) -> object:
        """Make a keyring that the cache has not seen: every check with it starts cold."""
        uses = ["license", "revocation"]
        keyring: object = self.aegis.Keyring.from_pem({KID: self.pem}, issuer=ISSUER, use=uses)
        return keyring

    def verifier(self) -> Check:
        """Make a check by ``verify_license`` with a keyring of its own."""
        verify, keyring = self.aegis.verify_license, self.new_keyring()
        return lambda token: verify(token, MODULE, ODOO_VERSION, None, None, keyring)

    def bare(self, signed: tuple[bytes, bytes]) -> bool:
        """Check a signature and nothing else."""
        good: bool = self.bare_key.verify_strict(signed[0], signed[1])
        return good

    def warm_timers(self) -> dict[str, tuple[timeit.Timer, int]]:
        """Make timers of what is too short to be timed one by one, with the number of calls in one go."""
        names = {
            "noop": importlib.import_module("aegis_bench_empty").noop,
            "noop_verify": importlib.import_module("aegis_bench_empty").noop_verify,
            "verify": self.aegis.verify_license,
            "evaluate": self.aegis.evaluate,
            "keyring": self.keyring,
            "token": self.tokens[0],
            # In Odoo, too, each parameter is one text and stays the same object.
            "licenses": [self.bundle],
            "licenses_and_list": [self.bundle, self.list],
        }
        question = f"module={MODULE!r}, odoo_version={ODOO_VERSION!r}, keyring=keyring"
        statements = {
            "noop": ("noop(token)", 2000),
            "noop_verify": (f"noop_verify(token, {MODULE!r}, {ODOO_VERSION!r}, None, None, keyring)", 2000),
            "warm": (f"verify(token, {MODULE!r}, {ODOO_VERSION!r}, None, None, keyring)", 2000),
            "evaluate": (f"evaluate(licenses, {question})", 10),
            "evaluate_list": (f"evaluate(licenses_and_list, {question})", 10),
        }
        return {
            name: (timeit.Timer(text, globals=names), calls) for name, (text, calls) in statements.items()
        }

    def confirm(self) -> None:
        """Make sure that everything accepts a token, and refuses it with another signature."""
        token = self.tokens[0]
        signing_input, _, signature = token.rpartition(".")
        forged = f"{signing_input}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
        wrong = [
            name for name, check in self.checks.items() if not accepts(check, token) or accepts(check, forged)
        ]
        if not self.bare(taken_apart(token)) or self.bare(taken_apart(forged)):
            wrong.append("bare")
        if wrong:
            raise SystemExit(f"these do not tell a good token from a forged one: {', '.join(wrong)}")
        self.confirm_list()

    def confirm_list(self) -> None:
        """Make sure that the list is looked at: it names the first license of the bundle, and no other."""
        question = {"module": None, "odoo_version": ODOO_VERSION, "keyring": self.keyring}
        for texts, first in (([self.bundle], "valid"), ([self.bundle, self.list], "revoked")):
            codes = [found.code for found in self.aegis.evaluate(texts, **question).assessments]
            if codes != [first] + ["valid"] * (BUNDLE_TOKENS - 1):
                raise SystemExit(
                    f"evaluate does not find {BUNDLE_TOKENS} licenses, the first of them {first}"
                )

    def run(self) -> dict[str, float]:
        """Measure everything in interleaved rounds: nanoseconds a call."""
        cold = ColdCalls()
        warm: dict[str, float] = {}
        for _ in range(ROUNDS):
            cold.round("bare", self.bare, self.signed)
            self.checks["cold"] = self.verifier()
            for name, check in self.checks.items():
                cold.round(name, check, self.tokens)
            for name, (timer, calls) in self.warm.items():
                took = timer.timeit(calls) / calls * 1e9
                warm[name] = min(took, warm.get(name, took))
        return {**cold.means(), **warm}


def prepared_peers(pem: str) -> dict[str, Check]:
    """Prepare the peers that are installed."""
    found = {}
    for name, prepare in PEERS.items():
        try:
            found[name] = prepare(pem, ISSUER)
        except ModuleNotFoundError:
            continue
    return found


def accepts(check: Check, token: str) -> bool:
    """Whether ``check`` lets ``token`` pass; each peer refuses by an exception of its own."""
    try:
        check(token)
    except Exception:
        return False
    return True


def raw_public_key(pem: str) -> bytes:
    """Take the 32 bytes of an Ed25519 public key, which end its SPKI encoding (RFC 8410 §4)."""
    return base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:]


def taken_apart(token: str) -> tuple[bytes, bytes]:
    """Split a token into what was signed and its signature (64 bytes)."""
    signing_input, _, signature = token.rpartition(".")
    return signing_input.encode(), base64.urlsafe_b64decode(signature + "==")


def main(folder: Path) -> None:
    """Measure, and print."""
    warnings.simplefilter("ignore")  # joserfc calls the name EdDSA deprecated, at every token
    bench = Bench(folder)
    bench.confirm()
    gc.disable()
    print(json.dumps(bench.run()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
