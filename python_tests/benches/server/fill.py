"""Fills databases with licenses, straight into the tables."""

from __future__ import annotations

import random

from server.postgres import Postgres

#: Licenses that the databases of the comparison begin with.
FEW = 1000
#: Customers of whom licenses are issued: so many that PostgreSQL's locks on their rows do not meet.
CUSTOMERS = 1000
#: Licenses that a customer has, but for the big one, who has a tenth of all.
EACH = 100
BIG = "customer-big"
STATUSES = ("active", "expired", "revoked")
SOME_LICENSES = "SELECT id FROM licenses ORDER BY random() LIMIT 100000"
MOST_PAGES = 10_000

ADD_CUSTOMERS = """
INSERT INTO customers (id, name, created_at, updated_at)
SELECT 'customer-' || i, 'Customer ' || i, date_trunc('second', now()), date_trunc('second', now())
FROM generate_series(1, {customers}) AS i
UNION ALL SELECT '{big}', 'Big customer', date_trunc('second', now()), date_trunc('second', now())
ON CONFLICT DO NOTHING
"""
# 90 % are active, 8 % have ended, 2 % are revoked; who has which is as good as random, and always the same.
# The token is that of the license issued last: nothing that is measured opens it.
ADD_LICENSES = """
INSERT INTO licenses (seq, id, issuer, kid, customer_id, customer_name, module_names, license_type, instance,
    issued_at, expires_at, ends_at, created_at, revoked_at, status_reason, token)
SELECT license_seq + i, gen_random_uuid()::text, issuer, kid, customer, customer, module_names, license_type,
    instance, expires - interval '365 days', expires, expires + interval '14 days',
    expires - interval '365 days',
    CASE WHEN chance >= 98 THEN date_trunc('second', now()) - (i % 30) * interval '1 day' END,
    CASE WHEN chance >= 98 THEN 'the order was canceled' END, token
FROM heads, (SELECT * FROM licenses ORDER BY seq DESC LIMIT 1) AS last, generate_series(1, {licenses}) AS i,
    LATERAL (SELECT abs(hashint8extended(i, 1) % 100) AS chance, abs(hashint8extended(i, 2) % 10) AS tenth,
        abs(hashint8extended(i, 3) % {owners}) + 1 AS owner) AS drawn,
    LATERAL (SELECT CASE WHEN tenth = 0 THEN '{big}' ELSE 'customer-' || owner END AS customer,
        CASE WHEN chance BETWEEN 90 AND 97 THEN -15 - i % 300 ELSE 1 + i % 340 END AS days) AS made,
    LATERAL (SELECT date_trunc('second', now()) + days * interval '1 day' AS expires) AS dated
ORDER BY i
"""
ADD_REST = """
INSERT INTO license_modules (module_name, license_seq)
SELECT module_names, seq FROM licenses WHERE seq > (SELECT license_seq FROM heads);
INSERT INTO revocations (issuer, kind, id, reason, revoked_at, ends_at)
SELECT issuer, 'license', id, status_reason, revoked_at, ends_at FROM licenses
WHERE seq > (SELECT license_seq FROM heads) AND revoked_at IS NOT NULL;
UPDATE heads SET license_seq = (SELECT max(seq) FROM licenses)
"""


def fill(cluster: Postgres, database: str, licenses: int) -> None:
    """Add licenses like the one issued last, until there are so many, and the customers who have them."""
    there = int(cluster.sql(database, "SELECT count(*) FROM licenses")[0][0])
    values = {"licenses": licenses - there, "owners": owners(licenses), "big": BIG}
    customers = ADD_CUSTOMERS.format(customers=max(CUSTOMERS, owners(licenses)), big=BIG)
    statements = (customers, ADD_LICENSES.format(**values), ADD_REST)
    cluster.sql(database, f"BEGIN; {'; '.join(statements)}; COMMIT;")
    cluster.settle(database)


def owners(licenses: int) -> int:
    """How many customers have that many licenses."""
    return max(1, licenses // EACH)


def paths_of_licenses(cluster: Postgres, database: str) -> list[str]:
    """Licenses in no order."""
    rows = cluster.sql(database, SOME_LICENSES)
    return [f"/licenses/{row[0]}" for row in rows]


def paths_of_pages(licenses: int) -> list[str]:
    """Pages of the licenses of customers who stand so or so, in no order."""
    some = random.Random(licenses)  # noqa: S311 - nothing secret
    return [
        _page(f"customer-{some.randint(1, owners(licenses))}", some.choice(STATUSES))
        for _ in range(MOST_PAGES)
    ]


def paths_of_big_pages() -> list[str]:
    """The same for the customer who has a tenth of all licenses."""
    return [_page(BIG, status) for status in STATUSES]


def _page(customer: str, status: str) -> str:
    return f"/licenses?customer_id={customer}&status={status}"
