"""Measures ``env["aegis.license"].check(module)`` inside real Odoo servers, warm, against the targets.

``PYTHON odoo.py [--quick]``: 15 fresh Odoo processes of each series that is there, in each the minimum over
rounds of calls; the figure is the median over the processes. The license is stored as if pasted, no license
file is there, and the database has the protected module of ``examples/``.

Exit codes: 0 every *must* is met, 1 one is missed, 2 wrong usage.
"""

import argparse
import re
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools")]

from odoo_lab import SERIES, Cluster, Odoo, Unavailable, discard, environment, fresh, prepare, run_odoo  # noqa: E402
from odoo_lab.vendor import issue, wheel  # noqa: E402
from run import PROCESSES, QUICK_PROCESSES, Row, table  # noqa: E402

DATABASE = "aegis_bench"
ADDONS = (ROOT / "examples",)
MODULE = "aegis_demo"
STORE = "env['aegis.license'].store({token!r}); env.cr.commit()"
MEASURE = f"""
import timeit
licenses = env["aegis.license"]
assert licenses.check("{MODULE}").code == "valid"
call = timeit.Timer(lambda: licenses.check("{MODULE}"))
print("nanoseconds", min(call.repeat(20, 2000)) / 2000 * 1e9)
"""


def sample(odoo: Odoo, cluster: Cluster, processes: int) -> list[float]:
    """Measure in so many fresh processes; give microseconds."""
    fresh(odoo, cluster, DATABASE, [MODULE], addons=ADDONS)
    try:
        run_odoo(
            odoo, cluster, DATABASE, "shell", addons=ADDONS, text=STORE.format(token=issue("--days", "60"))
        )
        taken = []
        for number in range(processes):
            print(
                f"\rOdoo {odoo.number}: process {number + 1} of {processes}",
                end="",
                file=sys.stderr,
                flush=True,
            )
            done = run_odoo(odoo, cluster, DATABASE, "shell", addons=ADDONS, text=MEASURE)
            found = re.search(r"nanoseconds ([\d.]+)", done.stdout)
            if not found:
                raise RuntimeError(f"Odoo {odoo.number} did not measure:\n{done.stdout[-2000:]}")
            taken.append(float(found[1]) / 1000)
        print(file=sys.stderr)
    finally:
        discard(cluster, DATABASE)
    return taken


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_PROCESSES} processes")
    processes = QUICK_PROCESSES if parser.parse_args().quick else PROCESSES
    rows = []
    with Cluster() as cluster:
        python = environment("lab", wheel())
        for number in reversed(SERIES):
            try:
                odoo = prepare(number).using(python)
            except Unavailable as reason:
                print(f"skipped: {reason}", file=sys.stderr)
                continue
            what = f'Odoo {number}: `env["aegis.license"].check(module)`, warm'
            rows.append(Row(what, median(sample(odoo, cluster, processes)), 25, 10, True, " µs"))
    print(table(["what", "measured", "must", "aim", "met"], [row.cells() for row in rows]))
    return 0 if rows and all(row.keeps(row.must) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
