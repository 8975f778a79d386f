"""The command line: ``python -m aegis_license COMMAND``; ``--help`` names the commands.

Exit codes: 0 for yes, 1 for a refusal, 2 for wrong usage.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import date, datetime, timezone
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import aegis_license as aegis


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words of the command line; None for those of this process.

    Returns:
        The exit code: 0, 1 or 2.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        # A letter that the terminal cannot show must not look like a failure.
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        code = _run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is left must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")
    except KeyboardInterrupt:
        return 130
    return code


def _run(options: argparse.Namespace) -> int:
    try:
        return int(options.run(options))
    except aegis.LicenseError as error:
        _print_refusal(error, as_json=options.json)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aegis_license", description="Look at licenses, offline.")
    parser.add_argument("--version", action="version", version=f"aegis-license {aegis.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    inspect = commands.add_parser("inspect", help="show what a token says, WITHOUT verifying it")
    _add_file(inspect)
    inspect.set_defaults(run=_inspect)

    verify = commands.add_parser("verify", help="say whether a text holds a license that works")
    _add_question(verify)
    verify.add_argument("--module", required=True, help="technical name of the module")
    verify.add_argument("--feature", help="a feature of the module")
    verify.add_argument("--released", metavar="DATE", help="date of the module's release, YYYY-MM-DD")
    verify.set_defaults(run=_verify)

    timeline = commands.add_parser("timeline", help="say what happens when: every change that is known today")
    _add_question(timeline)
    timeline.add_argument("--module", help="technical name of a module; without it, each license by itself")
    timeline.set_defaults(run=_timeline)

    fingerprint = commands.add_parser("fingerprint", help="the fingerprint of an instance, for the vendor")
    fingerprint.add_argument("database_uuid", help="Odoo's system parameter database.uuid")
    fingerprint.add_argument("domain", help="host and port of the base URL, such as acme.odoo.com")
    fingerprint.set_defaults(run=_fingerprint)

    request = commands.add_parser("request", help="the activation request of an instance, for the vendor")
    request.add_argument("database_uuid", help="Odoo's system parameter database.uuid")
    request.add_argument("domain", help="host and port of the base URL, such as acme.odoo.com")
    request.add_argument("--instance-id", help="what its operator calls the installation")
    request.set_defaults(run=_request)

    keys = commands.add_parser("keys", help="the keys that this wheel trusts")
    keys.set_defaults(run=_keys)

    check = commands.add_parser("check-manifest", help="what a module declares to protect, for its vendor")
    check.add_argument("path", type=Path, metavar="PATH", help="folder of the module, or its __manifest__.py")
    check.set_defaults(run=_check_manifest)

    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "file", nargs="?", default="-", help="file with the text; '-', the default, for standard input"
    )


def _add_question(command: argparse.ArgumentParser) -> None:
    _add_file(command)
    command.add_argument("--odoo-version", required=True, help="version of Odoo, such as 18.0")
    command.add_argument(
        "--bind",
        nargs=2,
        metavar=("DATABASE_UUID", "DOMAIN"),
        help="the instance that asks, for a bound license",
    )
    command.add_argument("--instance-id", help="what its operator calls the installation; with --bind")
    command.add_argument(
        "--at", metavar="DATE", type=_instant, help="ask for another day or instant than now"
    )


def _instance(options: argparse.Namespace) -> aegis.Instance | None:
    if not options.bind:
        return None
    uuid, domain = options.bind
    return aegis.Instance(database_uuid=uuid, domain=domain, instance_id=options.instance_id)


def _instant(text: str) -> int:
    """Read a day (its first second, UTC) or an RFC 3339 instant."""
    day = r"\d{4}-\d\d-\d\d"
    instant = f"{text}T00:00:00Z" if re.fullmatch(day, text, re.ASCII) else text
    try:
        if not re.fullmatch(rf"{day}T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", instant, re.ASCII):
            raise ValueError
        return int(datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp())
    except ValueError:
        message = "a date such as 2026-11-01, or an instant such as 2026-11-01T12:00:00Z, is meant"
        raise argparse.ArgumentTypeError(message) from None


def _read(file: str) -> str:
    """Read what was named, up to what is evaluated at all."""
    if file == "-":
        if sys.stdin is None:
            message = "there is no standard input; name a file"
            raise OSError(message)
        return _decoded(sys.stdin.buffer)
    try:
        with Path(file).open("rb") as stream:
            return _decoded(stream)
    except OSError as error:
        # The name may be a token that was typed by mistake.
        name = "a license instead of the name of a file" if file.startswith("eyJ") else repr(file)
        message = f"cannot read {name}: {error.strerror}; name a file with the license, or '-'"
        raise OSError(message) from None


def _decoded(stream: BinaryIO) -> str:
    return stream.read(_MAX_READ).decode("utf-8", errors="replace")


def _inspect(options: argparse.Namespace) -> int:
    token = aegis.inspect_token(_read(options.file))
    if options.json:
        _print_json({"verified": False, "header": token.header, "claims": token.claims})
        return 0
    print("NOT VERIFIED: anybody can write such a token.")
    for title, members in (("header", token.header), ("claims", token.claims)):
        print(f"{title}:")
        for name, value in members.items():
            print(f"  {_plain(name)}: {_plain(json.dumps(value, ensure_ascii=False))}{_date_of(name, value)}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    report = aegis.evaluate(
        _read(options.file),
        module=options.module,
        odoo_version=options.odoo_version,
        feature=options.feature,
        instance=_instance(options),
        now=options.at,
        released=options.released,
    )
    if options.json:
        _print_json(_report_json(report))
    else:
        _print_report(report)
    return 0 if report.ok else 1


def _print_report(report: aegis.Report) -> None:
    print(f"{report.code}: {_plain(report.message)}")
    if report.remedy:
        print(f"  {report.remedy}")
    if report.license:
        print(f"  {_plain(_describe(report.license))}")
    if report.next_change is not None:
        print(f"  from {_date(report.next_change)}: {report.next_code}")
    for check in report.checks:
        print(f"  {check.result:8} {check.code}{': ' + _plain(check.message) if check.message else ''}")
    for token in report.trust:
        print(f"  {token.kind.replace('_', ' ')}: {token.code}: {_plain(token.message)}")
    if len(report.assessments) > 1:
        codes = ", ".join(assessment.code for assessment in report.assessments)
        print(f"  {len(report.assessments)} tokens found: {codes}")


def _describe(license_: aegis.License) -> str:
    modules = ", ".join(
        f"{module['technical_name']} on Odoo {', '.join(module['allowed_major_versions'])}"
        for module in license_.modules
    )
    customer = f"{license_.customer_name} ({license_.customer_id})"
    return f"{license_.license_type} license {license_.jti} for {customer}: {modules}"


def _report_json(report: aegis.Report) -> dict[str, Any]:
    return {
        "code": report.code,
        "ok": report.ok,
        "message": report.message,
        "remedy": report.remedy,
        "license": report.license and report.license.jti,
        "next_change": report.next_change,
        "next_code": report.next_code,
        "checks": [
            {"code": check.code, "result": check.result, "message": check.message} for check in report.checks
        ],
        "tokens": [assessment.code for assessment in report.assessments],
        "trust": [
            {"kind": token.kind, "code": token.code, "in_force": token.in_force} for token in report.trust
        ],
    }


def _timeline(options: argparse.Namespace) -> int:
    report = aegis.evaluate(
        _read(options.file),
        module=options.module,
        odoo_version=options.odoo_version,
        instance=_instance(options),
        now=options.at,
    )
    changes = report.timeline()
    if options.json:
        _print_json({"code": report.code, "changes": [_change_json(change) for change in changes]})
    else:
        _print_timeline(report, changes)
    return 0 if report.ok else 1


def _print_timeline(report: aegis.Report, changes: Sequence[aegis.Change]) -> None:
    licenses = {item.license.jti: item.license for item in report.assessments if item.license}
    print(f"{_date(report.now)}  {report.code}: {_plain(report.message)}")
    for change in changes:
        # A change of who is reminded changes nothing else.
        effect = f" {change.effect}" if change.event == "status" else ""
        print(f"{_date(change.at)}  {change.code}: {_plain(change.message)}{effect}")
        if len(licenses) > 1 and change.license in licenses:
            print(f"{'':25}{_plain(_describe(licenses[change.license]))}")
    if not changes:
        print("Nothing will change with time alone.")


def _change_json(change: aegis.Change) -> dict[str, Any]:
    names = ("at", "code", "event", "license", "message", "effect")
    return {name: getattr(change, name) for name in names}


def _fingerprint(options: argparse.Namespace) -> int:
    fingerprint = aegis.fingerprint(options.database_uuid, options.domain)
    if options.json:
        _print_json({"fingerprint": fingerprint})
    else:
        print(fingerprint)
    return 0


def _request(options: argparse.Namespace) -> int:
    instance = aegis.Instance(
        database_uuid=options.database_uuid, domain=options.domain, instance_id=options.instance_id
    )
    request = aegis.activation_request(instance)
    if options.json:
        _print_json({"request": request})
    else:
        print(request)
    return 0


def _keys(options: argparse.Namespace) -> int:
    keys = aegis.embedded_keyring().keys
    if options.json:
        _print_json([{**key, "public": key["public"].hex()} for key in keys])
        return 0
    for key in keys:
        print(f"{_plain(key['kid'])}: {_plain(key['issuer'])}, for {', '.join(key['use'])}")
        print(f"  public key {key['public'].hex()}")
        print(f"  modules    {', '.join(key['modules']) if key['modules'] else 'all'}")
        for word, time in (("from", key["not_before"]), ("until", key["not_after"])):
            if time is not None:
                print(f"  {word:10} {_date(time)}")
    return 0


def _check_manifest(options: argparse.Namespace) -> int:
    # Imported here: no other command needs it, and it takes longer than they do.
    from aegis_license import _manifest

    checked = _manifest.check(options.path, datetime.now(timezone.utc).date())
    findings = [vars(finding) for finding in checked.findings]
    if options.json:
        protects = checked.protects if checked.ok else None
        _print_json({"module": checked.module, "ok": checked.ok, "protects": protects, "findings": findings})
        return 0 if checked.ok else 1
    for finding in findings:
        print(_plain("{file}: {level}: {text}".format_map(finding)))
    if checked.ok:
        print(_plain(f"{checked.module}: {checked.protects}"))
    return 0 if checked.ok else 1


def _print_refusal(error: aegis.LicenseError, *, as_json: bool) -> None:
    if as_json:
        _print_json({"code": error.code, "ok": False, "message": error.message, "remedy": error.remedy})
    else:
        print(f"{error.code}: {_plain(error.message)}\n  {error.remedy}")


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def _plain(text: str) -> str:
    """Escape what a terminal would obey: a token may hold any text."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


_MAX_READ = 4 * 1024 * 1024 + 1
_TIMES = {"iat", "exp", "nbf", "notify_admins_from", "notify_users_from", "grace_until", "updates_until"}


def _date_of(name: str, value: object) -> str:
    """Give the date that a claim means, where it is a time."""
    is_time = name in _TIMES and type(value) is int
    return f"  ({_date(value)})" if is_time and 0 <= value <= _LAST_SECOND else ""  # type: ignore[operator,arg-type]


_LAST_SECOND = int(datetime.combine(date.max, datetime.max.time(), timezone.utc).timestamp())

if __name__ == "__main__":
    sys.exit(main())
