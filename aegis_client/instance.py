"""The instance that licenses are bound to: this database at its address. Plain Python, no Odoo."""

from urllib.parse import urlsplit

from . import engine


def instance_of(database_uuid, base_url, domain="", instance_id=""):
    """Give the engine's ``Instance``; what cannot be meant is left out of it.

    :param str database_uuid: Odoo's ``database.uuid``
    :param str base_url: Odoo's ``web.base.url``
    :param str domain: the address that the administrator has set; it comes first, where only one can be named
    :param str instance_id: the operator's name for this installation
    :return: ``None`` when there is no engine or no address is known
    """
    own = domain.strip()
    domains = [_host(own if "//" in own else "//" + own), _host(base_url)]
    domains = [domain for domain in dict.fromkeys(domains) if _instance(database_uuid, domain)]
    if not domains:
        return None
    others, name = tuple(domains[1:]), instance_id.strip() or None
    named = _instance(database_uuid, domains[0], instance_id=name, other_domains=others)
    return named or _instance(database_uuid, domains[0], other_domains=others)


def nowhere(database_uuid):
    """Give an ``Instance`` of unknown address: a license that has matched here goes by the last one."""
    return _instance(database_uuid, "unknown.invalid")


def _instance(database_uuid, domain, **more):
    if engine.problem():
        return None
    try:
        return engine.aegis_license.Instance(database_uuid=database_uuid, domain=domain, **more)
    except ValueError:
        return None


def _host(address):
    """Give host and port of an address, as Odoo stores it; empty when there is none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""
