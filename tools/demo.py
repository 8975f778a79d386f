"""The Python half of the demonstration: verifies what ``demo.sh`` issued, and has seven tokens refused."""

import sys
import time
from pathlib import Path

import aegis_license as aegis

INSTANCE = aegis.Instance(database_uuid="7c0e4b1a-5b0e-4f5e-9d53-3f6f2f7f0a11", domain="erp.initech.example")
COPY = aegis.Instance(database_uuid="b1f7c9d2-0c53-4c0e-8d6b-5a7b7f3e2c44", domain="erp.initech.example")
DAY = 24 * 60 * 60


def show_accepted(name: str, token: str, instance: aegis.Instance | None = None) -> None:
    """Verify one license and say what it is."""
    license_ = aegis.verify_license(token, "acme_sign", "18.0", instance)
    print(f"  {license_.status:8} {name}: {license_.license_type} license for {license_.customer_name}")


def show_refused(
    what: str, token: str, module: str = "acme_sign", version: str = "18.0", **how: object
) -> None:
    """Verify one token and say why it is refused."""
    try:
        aegis.verify_license(token, module, version, **how)  # type: ignore[arg-type]
    except aegis.LicenseError as error:
        print(f"  {what}\n    {error.code}: {error.message}\n    {error.remedy}")
    else:
        sys.exit(f"This was to be refused and was not: {what}")


def main(folder: Path) -> None:
    """Verify and refuse the licenses in ``folder``."""
    names = ("perpetual", "subscription", "demo")
    perpetual, subscription, demo = ((folder / f"{name}.license").read_text() for name in names)
    show_accepted("perpetual", perpetual)
    show_accepted("subscription, bound", subscription, INSTANCE)
    show_accepted("demo", demo)
    print("\n5. Seven refusals, each with its reason")
    header, payload, signature = perpetual.strip().split(".")
    showcase = Path(__file__).parent.parent / "examples" / "licenses" / "perpetual.license"
    show_refused("half of a license, lost in copying", perpetual[:200])
    show_refused(
        "a license with one character changed",
        f"{header}.{payload[:80]}{_other(payload[80])}{payload[81:]}.{signature}",
    )
    show_refused("a license of another vendor", showcase.read_text())
    show_refused("a license for another module", demo, module="acme_stock")
    show_refused("a license for another version of Odoo", perpetual, version="19.0")
    show_refused("a copied database", subscription, instance=COPY)
    show_refused("a demo, two months later", demo, now=int(time.time()) + 60 * DAY)


def _other(letter: str) -> str:
    return "A" if letter != "A" else "B"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
