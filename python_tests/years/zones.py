"""Prints what the engine says around changes of the clocks; run in processes with different time zones.

``PYTHON zones.py`` reads the public key and the license from its input.
"""

import json
import sys
import time

import aegis_license as aegis

CHANGES = (1_792_889_999, 1_792_890_000, 1_792_893_600, 1_806_195_599, 1_806_195_600, 1_806_199_200)
"""Around 01:00 UTC of 2026-10-25 and 2027-03-28, when Europe's clocks go back and forward."""


def main() -> None:
    """Ask at each instant, and for a release of each day around it; and once by the system's clock."""
    given = json.load(sys.stdin)
    keyring = aegis.Keyring.from_pem({given["kid"]: given["pem"]}, issuer="Acme")
    said = []
    for now in CHANGES:
        for released in (None, "2026-10-24", "2026-10-25", "2026-10-26"):
            report = aegis.evaluate(
                given["token"],
                module="acme_pay",
                odoo_version="18.0",
                now=now,
                released=released,
                keyring=keyring,
            )
            changes = [[change.at, change.code, change.event, change.message] for change in report.timeline()]
            said.append([now, released, report.code, report.message, report.next_change, changes])
    present = aegis.evaluate(given["token"], module="acme_pay", odoo_version="18.0", keyring=keyring).now
    assert abs(max(time.time(), given["iat"]) - present) < 60, f"{present} is not the present"
    print(json.dumps(said))


if __name__ == "__main__":
    main()
