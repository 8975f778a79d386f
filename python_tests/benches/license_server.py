"""Measures the license server beside a service in Python that does the same, and beside pgbench.

``PYTHON license_server.py [--quick] [--json]`` in an environment with ``server/requirements.txt``; the server
and the generator are built before (``tools/bench_server.sh``). All use one PostgreSQL, on this machine, with
PostgreSQL's own settings: what is committed is on the disk. Each has a database of its own.

The figures are medians over rounds, in which all contestants take their turn; ratios are taken within a
round. Each connection sends its next request when the last was answered.

Exit codes: 0 every *must* is met, 1 one is missed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]

from odoo_lab.workspace import Unavailable  # noqa: E402
from run import Row, table  # noqa: E402
from server.fill import FEW  # noqa: E402
from server.measure import (  # noqa: E402
    AEGIS,
    CONNECTIONS,
    FULL,
    LARGE,
    OTHERS,
    PEER,
    PGBENCH,
    QUICK,
    WORKERS,
    Extent,
    Figures,
    Sample,
    measure,
    ratio,
)
from server.postgres import Postgres  # noqa: E402

MEGABYTE = 1_000_000
SETTINGS = """
SELECT string_agg(name || ' ' || current_setting(name), ', ' ORDER BY name) FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'shared_buffers', 'synchronous_commit')
"""
#: What pgbench does, in words.
SCRIPTS = {
    "inserts": "pgbench: the same rows, one license a transaction",
    "pipelined": "pgbench: the same, its statements sent at once",
    "chained": "pgbench: the same, under the lock of the audit log",
}


def target_rows(figures: Figures) -> list[Row]:
    """Hold the figures against the targets."""
    resident = max(figures.resident.values()) / MEGABYTE
    return [
        Row(f"issuing, {PEER} = 1", rate(figures, "issuing", PEER), 10, 10, False),
        Row("issuing, pgbench with the same rows = 1", rate(figures, "issuing", "inserts"), 0.6, 0.8, False),
        Row(f"reading one license, {PEER} = 1", rate(figures, "reading", PEER), 10, 10, False),
        *(
            Row(
                f"p99 of {words}, {shown(connections)}, many ÷ few",
                slower(figures, what, connections),
                2,
                2,
                True,
            )
            for what, words in (("one", "reading one license"), ("page", "a filtered page"))
            for connections in (CONNECTIONS, 1)
        ),
        Row("resident memory at rest after the load", resident, 60, 60, True, " MB"),
    ]


def shown(connections: int) -> str:
    """Write a number of connections."""
    return "1 connection" if connections == 1 else f"{connections} connections"


def slower(figures: Figures, what: str, connections: int) -> float:
    """How much longer it takes among many licenses than among few."""
    return ratio(figures.of(what, LARGE, connections), figures.of(what, AEGIS, connections), p99)


def judged(row: Row) -> list[str]:
    """Lay a row out; only one of them has an aim beyond what must be."""
    *shown, aim, met = row.cells()
    return [*shown, aim, met] if row.aim != row.must else [*shown, "", met.partition(",")[0]]


def rate(figures: Figures, what: str, than: str) -> float:
    """How many times as many a second as the other."""
    return ratio(figures.of(what, AEGIS), figures.of(what, than), per_second)


def per_second(sample: Sample) -> float:
    """Give the rate."""
    return sample.per_second


def p99(sample: Sample) -> float:
    """Give what 99 of 100 do not exceed."""
    assert sample.p99 is not None
    return sample.p99


def information(figures: Figures, extent: Extent) -> list[list[str]]:
    """Lay out all rates and times."""
    few, many = f"among {FEW:,}", f"among {extent.licenses:,}"
    both = {AEGIS: "`aegis serve`", PEER: PEER}
    sizes = {AEGIS: few, LARGE: many}
    rows = []
    for what, contestants, others in [
        ("issuing", {**both, **{script: SCRIPTS[script] for script in PGBENCH}}, OTHERS),
        ("reading", both, OTHERS),
        ("one", sizes, (1,)),
        ("page", sizes, (1,)),
        ("big page", sizes, (1,)),
    ]:
        for connections in sorted((CONNECTIONS, *others)):
            for who, words in contestants.items():
                rows.append([what, words, str(connections), *cells(figures.of(what, who, connections))])
    for what, best in figures.workers.items():
        for workers in WORKERS:
            chosen = ", taken" if workers == best else ""
            words = f"{PEER}, {workers} process(es){chosen}"
            samples = figures.of(what, f"{PEER} with {workers}")
            rows.append([f"{what}, tried", words, str(CONNECTIONS), *cells(samples)])
    return rows


def cells(samples: list[Sample]) -> list[str]:
    """Lay out the medians of the rounds."""
    rates = [sample.per_second for sample in samples]
    shown = [f"{median(rates):,.0f}", f"{min(rates):,.0f}-{max(rates):,.0f}"]
    for name in ("p50", "p99"):
        values = [value for sample in samples if (value := getattr(sample, name)) is not None]
        shown.append(f"{median(values) / 1000:.2f}" if values else "")
    shares = [sample.generator for sample in samples if sample.generator is not None]
    return [*shown, f"{median(shares):.0%}" if shares else ""]


def notes(figures: Figures, extent: Extent, cluster: Postgres) -> list[str]:
    """Say what one has to know to read the figures."""
    version = cluster.sql("postgres", "SHOW server_version")[0][0]
    settings = cluster.sql("postgres", SETTINGS)[0][0]
    return [
        f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, PostgreSQL {version} ({settings}); "
        f"{extent.rounds} rounds of {extent.seconds} s.",
        "Generator: the share of one processor that sending the requests took; both services lack it alike.",
        "The license server stores all that waits with one transaction (ADR 14), pgbench each license with "
        "one of its own: above 1, sharing a write to the disk gains more than HTTP and signatures cost.",
        f"Afterwards the audit logs held: {figures.audit_rows[AEGIS]:,} rows of the license server, "
        f"{figures.audit_rows[PEER]:,} of {PEER}.",
    ]


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round, and fewer licenses")
    parser.add_argument("--json", action="store_true", help="print the rows and all samples as JSON")
    arguments = parser.parse_args()
    extent = QUICK if arguments.quick else FULL
    try:
        with Postgres() as cluster, tempfile.TemporaryDirectory() as name:
            figures = measure(cluster, Path(name), extent)
            said = notes(figures, extent, cluster)
    except Unavailable as reason:
        sys.exit(str(reason))
    rows = target_rows(figures)
    if arguments.json:
        targets = [{**asdict(row), "met": row.verdict()} for row in rows]
        print(json.dumps({"targets": targets, "figures": asdict(figures), "notes": said}, indent=2))
    else:
        header = ["what", "who", "connections", "a second", "rounds", "p50 ms", "p99 ms", "generator"]
        print(table(["what", "measured", "must", "aim", "met"], [judged(row) for row in rows]))
        print()
        print(table(header, information(figures, extent)))
        print()
        print("\n".join(said))
    return 0 if all(row.keeps(row.must) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
