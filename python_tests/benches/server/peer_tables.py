"""The tables of the license server, as SQLAlchemy maps them: the service writes the same rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Every time has its time zone."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - nobody changes it


class ApiKey(Base):
    """Who may call; of a key there is only its hash."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str]
    scopes: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Customer(Base):
    """Whom licenses are for."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deactivated_at: Mapped[datetime | None]


class LicenseModule(Base):
    """Which licenses name a module."""

    __tablename__ = "license_modules"

    module_name: Mapped[str] = mapped_column(primary_key=True)
    license_seq: Mapped[int] = mapped_column(ForeignKey("licenses.seq"), primary_key=True)


class License(Base):
    """What was issued."""

    __tablename__ = "licenses"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str]
    issuer: Mapped[str]
    kid: Mapped[str]
    customer_id: Mapped[str]
    customer_name: Mapped[str]
    module_names: Mapped[str]
    license_type: Mapped[str]
    instance: Mapped[str | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    status_reason: Mapped[str | None]
    replaces: Mapped[str | None]
    token: Mapped[str]
    modules: Mapped[list[LicenseModule]] = relationship()


class AuditEntry(Base):
    """Who changed what, each row with the hash of the one before."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    detail: Mapped[str]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class Head(Base):
    """The ends of the numbered tables: the row that every change locks first."""

    __tablename__ = "heads"

    id: Mapped[int] = mapped_column(primary_key=True)
    audit_seq: Mapped[int]
    audit_hash: Mapped[str]
    license_seq: Mapped[int]
