"""What the license server is measured against: the same two endpoints as one would write them in Python.

FastAPI, SQLAlchemy and asyncpg on uvloop, with the tables, the chain and the answers of the license server.
It is not made slower than it has to be: one transaction and one connection for a request, with the check of
the key; answers written by Pydantic; no access log. What it leaves out is to its advantage: it does not
verify what it signed, does not know repeated requests, and reads nothing back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, Literal

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from server.peer_tables import ApiKey, AuditEntry, Customer, Head, License, LicenseModule
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

ISSUER = os.environ["PEER_ISSUER"]
KID = os.environ["PEER_KID"]
KEY = load_pem_private_key(Path(os.environ["PEER_KEY"]).read_bytes(), password=None)
HEADERS = {"typ": "aegis-license+jwt", "kid": KID}
#: As many connections for each process as the license server has.
CONNECTIONS = 16

engine = create_async_engine(os.environ["PEER_DATABASE"], pool_size=CONNECTIONS, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI(openapi_url=None)


class Strict(BaseModel):
    """What is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Covered(Strict):
    """One covered module."""

    technical_name: Annotated[str, Field(pattern=r"^[a-z0-9_]+\*?$", max_length=128)]
    allowed_major_versions: Annotated[list[Annotated[str, Field(pattern=r"^[0-9]+$")]], Field(min_length=1)]


class IssueLicense(Strict):
    """A license to be."""

    customer_id: str
    license_type: Literal["perpetual", "subscription", "demo"]
    modules: Annotated[list[Covered], Field(min_length=1)]
    days: Annotated[int, Field(gt=0)]
    grace_days: Annotated[int, Field(ge=0)]


class LicenseView(BaseModel):
    """A license, without its token."""

    id: str
    issuer: str
    kid: str
    customer_id: str
    customer_name: str
    modules: list[str]
    license_type: str
    instance: str | None
    status: Literal["active", "expired", "revoked"]
    issued_at: datetime
    expires_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    revoked_at: datetime | None
    status_reason: str | None
    replaces: str | None


class IssuedLicense(LicenseView):
    """The same with what to mail to the customer."""

    token: str
    bundle: str


async def _session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(_session)]


class May:
    """Lets those through whose key has this scope, and gives the key's id."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, session: Session, authorization: Annotated[str, Header()] = "") -> str:
        """Check the key of a request."""
        key = authorization.removeprefix("Bearer ")
        known = await session.get(ApiKey, key.partition(".")[0])
        if known is None or not hmac.compare_digest(known.hash, _base64url(key.encode())):
            raise HTTPException(401)
        ended = known.expires_at is not None and known.expires_at <= _now()
        if ended or known.revoked_at is not None:
            raise HTTPException(401)
        if self.scope not in known.scopes.split(" "):
            raise HTTPException(403)
        return known.id


@app.get("/health")
async def health() -> None:
    """Say that the service runs."""


@app.post("/api/v1/licenses")
async def issue(
    wanted: IssueLicense, session: Session, caller: Annotated[str, Depends(May("issue"))]
) -> Response:
    """Sign a license, store it with its row of the audit log, and answer it when that is durable."""
    customer = await session.get(Customer, wanted.customer_id)
    if customer is None or customer.deactivated_at is not None:
        raise HTTPException(404)
    now = _now()
    row = _signed(wanted, customer, now)
    head = await session.get_one(Head, 1, with_for_update=True)
    head.license_seq += 1
    row.seq = head.license_seq
    row.modules = [LicenseModule(module_name=covered.technical_name) for covered in wanted.modules]
    session.add_all([row, _noted(head, caller, row, now)])
    await session.commit()
    heading = f"License for {row.customer_name} ({row.module_names.replace(',', ', ')})"
    issued = IssuedLicense(**_members(row, now), token=row.token, bundle=f"{heading}\n{row.token}\n")
    headers = {"Location": f"/api/v1/licenses/{row.id}", "Cache-Control": "no-store"}
    return Response(issued.model_dump_json(), 201, headers, "application/json")


@app.get("/api/v1/licenses/{license_id}", dependencies=[Depends(May("read"))])
async def read(license_id: str, request: Request, session: Session) -> Response:
    """Read a license."""
    row = (await session.scalars(select(License).where(License.id == license_id))).one_or_none()
    if row is None:
        raise HTTPException(404)
    body = LicenseView(**_members(row, _now())).model_dump_json().encode()
    headers = {"ETag": f'W/"{_base64url(body)}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


def _signed(wanted: IssueLicense, customer: Customer, now: datetime) -> License:
    expires_at = now + timedelta(days=wanted.days)
    ends_at = expires_at + timedelta(days=wanted.grace_days)
    license_id = str(uuid.uuid4())
    claims = {
        "jti": license_id,
        "iss": ISSUER,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "grace_until": int(ends_at.timestamp()),
        "customer": {"id": customer.id, "name": customer.name},
        "license_type": wanted.license_type,
        "modules": [covered.model_dump() for covered in wanted.modules],
    }
    return License(
        id=license_id,
        issuer=ISSUER,
        kid=KID,
        customer_id=customer.id,
        customer_name=customer.name,
        module_names=",".join(covered.technical_name for covered in wanted.modules),
        license_type=wanted.license_type,
        issued_at=now,
        expires_at=expires_at,
        ends_at=ends_at,
        created_at=now,
        token=jwt.encode(claims, KEY, algorithm="EdDSA", headers=HEADERS),  # type: ignore[arg-type]
    )


def _noted(head: Head, actor: str, row: License, now: datetime) -> AuditEntry:
    """Add to the chain: SHA-256 of all the other columns as a JSON array."""
    about = {
        "customer": row.customer_id,
        "ends_at": row.ends_at and row.ends_at.isoformat(),
        "modules": row.module_names.split(","),
        "replaces": row.replaces,
    }
    detail = _json(about)
    seq, before = head.audit_seq + 1, head.audit_hash
    columns = [seq, int(now.timestamp()), actor, "license.issue", "license", row.id, detail, before]
    digest = hashlib.sha256(_json(columns).encode()).hexdigest()
    head.audit_seq, head.audit_hash = seq, digest
    return AuditEntry(
        seq=seq,
        at=now,
        actor=actor,
        action="license.issue",
        subject_kind="license",
        subject_id=row.id,
        detail=detail,
        previous_hash=before,
        hash=digest,
    )


def _members(row: License, now: datetime) -> dict[str, Any]:
    if row.revoked_at is not None:
        status = "revoked"
    else:
        status = "expired" if row.ends_at is not None and row.ends_at <= now else "active"
    shown = {
        name: getattr(row, name) for name in LicenseView.model_fields if name not in {"modules", "status"}
    }
    return {**shown, "modules": row.module_names.split(","), "status": status}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _base64url(text: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)
