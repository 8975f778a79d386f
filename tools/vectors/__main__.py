"""Make the token vectors in `vectors/`: one JSON file per case, read by every test suite.

Run by a maintainer who adds a case; the tests only read the files. Needs Python 3.11 and the
`cryptography` package, and shares no code with the verifier.

    python tools/vectors           write all vectors, remove those no longer made
    python tools/vectors --list    print the sorted names, one a line

Every run makes new Ed25519 keys, signs everything with them and forgets them: a private key is
never written. Each module beside this one has one subject of docs/token-format.md; `tokens` and
`trust` are what they share.
"""

import argparse
import json
import re
from pathlib import Path

import bundles
import certificates
import certified
import claims
import clock
import copies
import envelope
import instances
import keys
import limits
import list_claims
import lists
import moving
import old_form
import payload
import reports
import scope
import several
import stolen
import stored_before
import timeline
import times
from tokens import Vector

FOLDER = Path(__file__).resolve().parents[2] / "vectors"

SUBJECTS = (
    envelope.vectors,
    keys.vectors,
    certificates.vectors,
    certified.vectors,
    list_claims.vectors,
    lists.vectors,
    stolen.vectors,
    stored_before.vectors,
    payload.vectors,
    claims.vectors,
    old_form.vectors,
    scope.vectors,
    copies.vectors,
    instances.vectors,
    moving.vectors,
    times.vectors,
    clock.vectors,
    reports.vectors,
    several.vectors,
    limits.vectors,
    timeline.vectors,
    bundles.vectors,
)


def all_vectors() -> dict[str, Vector]:
    """Every vector by its name; a name that is taken or not snake_case is a `ValueError`."""
    made: dict[str, Vector] = {}
    for vectors in SUBJECTS:
        for item in vectors():
            name = str(item["name"])
            if name in made or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"bad or repeated name: {name}")
            made[name] = item
    return dict(sorted(made.items()))


def write(vectors: dict[str, Vector], folder: Path) -> None:
    """One file per vector in `folder`; other `.json` files there are removed."""
    for path in folder.glob("*.json"):
        if path.stem not in vectors:
            path.unlink()
    for name, item in vectors.items():
        text = json.dumps(item, indent=2) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="ascii", newline="\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the token vectors.")
    parser.add_argument("--list", action="store_true", help="print the names, write nothing")
    vectors = all_vectors()
    if parser.parse_args().list:
        print("\n".join(vectors))
    else:
        write(vectors, FOLDER)


if __name__ == "__main__":
    main()
