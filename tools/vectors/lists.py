"""Revocation lists: who may sign one, which one counts, and what it stops.

docs/token-format.md: "Revocation lists", and "Envelope" as far as it speaks of them.
"""

import json
from collections.abc import Iterator
from functools import partial

from list_claims import GOOD, asked, refused
from old_form import old_claims, old_token
from tokens import (
    DAY,
    DROP,
    INSTANCE,
    ISSUED,
    ISSUER,
    JTI,
    KID,
    MAX_TOKEN,
    NEXT_KID,
    NOW,
    OLD_KID,
    OTHER_ROOT,
    ROOT,
    SECOND_JTI,
    STRANGER,
    Claims,
    Vector,
    claims,
    entry,
    evaluated,
    flipped,
    header,
    key,
    token,
    vector,
)
from trust import (
    LIST_TYPE,
    OTHER_ISSUER,
    SEQ,
    empty_list,
    list_claims,
    listed,
    revocation_list,
    revoked_id,
    root,
    sealed_list,
    two_issuers,
)


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from what_is_stopped()
    yield from envelopes()
    yield from signers()
    yield from which_counts()
    yield from other_issuers()


def what_is_stopped() -> Iterator[Vector]:
    """Code revoked, of the licenses that the list names."""
    rule = "Codes: revoked"
    stop = revocation_list()
    rows: dict[str, tuple[str, str, str]] = {
        "revoked_license_is_revoked": ("The list names the license.", f"{GOOD}\n{stop}", "revoked"),
        "revocation_list_before_its_license_counts": (
            "The list comes first in the text.",
            f"{stop}\n{GOOD}",
            "revoked",
        ),
        "revocation_list_for_another_license_stops_nothing": (
            "The list names another license.",
            f"{GOOD}\n{revocation_list(SECOND_JTI)}",
            "valid",
        ),
        "empty_revocation_list_stops_nothing": (
            "The list names no license.",
            f"{GOOD}\n{empty_list()}",
            "valid",
        ),
        "revocation_list_alone_is_missing": ("There is a list and no license.", stop, "missing"),
    }
    for name, (description, text, code) in rows.items():
        yield asked(name, rule, description, text, code, trust=[listed()])
    yield asked(
        "revoked_license_is_revoked_for_good",
        rule,
        "What was revoked stays so, and nothing else is wrong with it.",
        f"{GOOD}\n{stop}",
        "revoked",
        jti=JTI,
        failed=["revoked"],
        not_run=[],
        next_change=None,
        next_code=None,
    )
    old = old_claims()
    yield evaluated(
        "old_license_is_revoked_by_its_id",
        "Old form",
        "A license in the old form is revoked like any other.",
        f"{old_token()}\n{revocation_list(str(old['jti']))}",
        "revoked",
        keys=[key(OLD_KID), root()],
        trust=[listed()],
    )
    yield vector(
        "verify_of_a_revocation_list_is_unsupported",
        "Bundle: one token for verify_license",
        "verify_license takes a license, and gets a list that is in order.",
        stop,
        "unsupported",
        keys=[key(), root()],
    )
    yield asked(
        "license_beside_a_revoked_one_decides",
        "Several licenses: the best one",
        "Another license, which ends soon, decides.",
        f"{token(claims(jti=SECOND_JTI, exp=NOW + DAY))}\n{GOOD}\n{stop}",
        "expiring",
        jti=SECOND_JTI,
    )
    yield asked(
        "neutralized_copy_of_a_revoked_license_is_revoked",
        "Neutralized copies: the binding is passed over",
        "Only a binding is passed over.",
        f"{GOOD}\n{stop}",
        "revoked",
        instance=INSTANCE,
        neutralized=True,
        flags=[],
    )
    yield asked(
        "without_a_module_a_revoked_license_is_revoked",
        "Without a module",
        "Lists count as ever.",
        f"{token(claims(modules=[entry('acme_stock')]))}\n{stop}",
        "revoked",
        module=None,
    )


def envelopes() -> Iterator[Vector]:
    """Envelope 1 and 3: size and header."""
    many = [revoked_id(str(number)) for number in range(600)]
    long_list = revocation_list(revoked=[*many, revoked_id()])
    if len(long_list) <= MAX_TOKEN:
        raise ValueError("the long list is too short")
    yield asked(
        "revocation_list_over_16_kib_is_read",
        "Envelope 1: size",
        "A list may be larger than a license: 601 licenses are revoked.",
        f"{GOOD}\n{long_list}",
        "revoked",
        trust=[listed()],
    )
    yield asked(
        "revocation_list_in_wrapped_lines_is_read",
        "Bundle: white space inside tokens",
        "A mail program broke the lines of both.",
        "\r\n".join(
            f"{GOOD}\n\n{long_list}"[at : at + 64] for at in range(0, len(GOOD) + len(long_list) + 2, 64)
        ),
        "revoked",
        trust=[listed()],
    )
    rule = "Envelope 3: header"
    payload = list_claims()
    heads: dict[str, tuple[str, Claims]] = {
        "typ_jwt": ("A list with the type of old licenses is none.", {"typ": "JWT"}),
        "typ_of_a_license": ("A list with the type of licenses is none.", {"typ": "aegis-license+jwt"}),
        "typ_in_upper_case": ("The type is compared exactly.", {"typ": LIST_TYPE.upper()}),
        "crit": ("`crit` is refused in every kind of token.", {"typ": LIST_TYPE, "crit": ["seq"]}),
    }
    for name, (description, changes) in heads.items():
        text = token(payload, header(kid=ROOT, **changes), ROOT)
        yield asked(
            f"revocation_list_with_{name}_stops_nothing", rule, description, f"{GOOD}\n{text}", "valid"
        )
    yield asked(
        "license_with_the_type_of_a_list_is_no_license",
        rule,
        "The claims of a license under the type of a list.",
        sealed_list(claims()),
        "missing",
        trust=[listed("malformed")],
    )


def signers() -> Iterator[Vector]:
    """Envelope 4, 5 and 7: the key of a list."""
    rule = "Envelope 4: use"
    rows: dict[str, tuple[str, str, str]] = {
        "revocation_list_by_a_license_key_is_unknown_key": (
            "A key for licenses only signed the list.",
            revocation_list(signer=KID),
            "unknown_key",
        ),
        "revocation_list_by_a_stranger_is_unknown_key": (
            "The key is not in the keyring.",
            revocation_list(signer=STRANGER),
            "unknown_key",
        ),
        "revocation_list_with_a_bad_signature_is_bad_signature": (
            "The list was altered.",
            flipped(revocation_list()),
            "bad_signature",
        ),
        "revocation_list_signature_is_checked_before_the_payload": (
            "The list was altered, and has no `seq`.",
            flipped(revocation_list(seq=DROP)),
            "bad_signature",
        ),
        "revocation_list_of_another_issuer_than_its_key_is_wrong_issuer": (
            "The list names an issuer that its key does not speak for.",
            revocation_list(iss=OTHER_ISSUER),
            "wrong_issuer",
        ),
    }
    for name, (description, text, code) in rows.items():
        yield refused(name, rule, description, text, code)
    for use, code in {"certify": "unknown_key", "revocation": "valid"}.items():
        yield evaluated(
            f"revocation_list_by_a_key_for_{use}_alone_is_{code}",
            rule,
            f"The key of the list is for {use} alone.",
            f"{GOOD}\n{revocation_list(signer=NEXT_KID)}",
            "revoked" if code == "valid" else "valid",
            keys=[key(), key(NEXT_KID, use=[use])],
            trust=[listed(code)],
        )
    yield from windows()


def windows() -> Iterator[Vector]:
    """Envelope 7: `iat` of a list lies inside the window of its key."""
    rule = "Envelope 7: window of the key"
    rows: dict[str, tuple[Claims, str]] = {
        "at_not_before_is_accepted": ({"not_before": SEQ}, "valid"),
        "before_not_before_is_unknown_key": ({"not_before": SEQ + 1}, "unknown_key"),
        "before_not_after_is_accepted": ({"not_after": SEQ + 1}, "valid"),
        "at_not_after_is_unknown_key": ({"not_after": SEQ}, "unknown_key"),
    }
    for name, (window, code) in rows.items():
        yield evaluated(
            f"revocation_list_{name}",
            rule,
            f"The list was issued at {SEQ}, and its key has {json.dumps(window)}.",
            f"{GOOD}\n{revocation_list()}",
            "revoked" if code == "valid" else "valid",
            keys=[key(), root(**window)],
            trust=[listed(code)],
        )
    yield evaluated(
        "revocation_list_unknown_key_comes_before_wrong_issuer",
        "Codes: order",
        "The list names another issuer, and lies outside the window of its key.",
        f"{GOOD}\n{revocation_list(iss=OTHER_ISSUER)}",
        "valid",
        keys=[key(), root(not_after=ISSUED)],
        trust=[listed("unknown_key")],
    )


def which_counts() -> Iterator[Vector]:
    """The list with the greatest `seq` is in force; the others are valid and are not."""
    rule = "Revocation lists: seq"
    old, new = revocation_list(), empty_list(seq=SEQ + 1)
    both = revocation_list(seq=SEQ + 1), empty_list()
    rows: dict[str, tuple[str, tuple[str, ...], str, int]] = {
        "older_revocation_list_is_not_in_force": ("The newer list comes last.", (old, new), "valid", 1),
        "older_revocation_list_after_a_newer_one_is_not_in_force": (
            "The older list comes last.",
            (new, old),
            "valid",
            0,
        ),
        "newer_revocation_list_stops_what_the_older_did_not": (
            "Only the newer list names the license.",
            both,
            "revoked",
            0,
        ),
        "newer_revocation_list_stops_it_in_any_order": (
            "The newer list, which names the license, comes last.",
            both[::-1],
            "revoked",
            1,
        ),
        "equal_revocation_list_of_a_later_iat_counts": (
            "Both lists have the same `seq`; the one that was issued later comes first.",
            (revocation_list(iat=SEQ + 1), empty_list()),
            "revoked",
            0,
        ),
        "equal_revocation_list_of_a_later_iat_counts_in_any_order": (
            "Both lists have the same `seq`; the one that was issued later comes last.",
            (empty_list(), revocation_list(iat=SEQ + 1)),
            "revoked",
            1,
        ),
    }
    for name, (description, lists, code, first) in rows.items():
        trust = [listed(in_force=place == first) for place in range(2)]
        yield asked(name, rule, description, "\n".join((GOOD, *lists)), code, trust=trust)
    yield asked(
        "seq_decides_and_not_iat",
        rule,
        "The list with the greater `seq` was issued earlier by its `iat`.",
        "\n".join((GOOD, revocation_list(seq=SEQ + 1, iat=ISSUED), empty_list(iat=NOW))),
        "revoked",
        trust=[listed(), listed(in_force=False)],
    )
    yield asked(
        "refused_revocation_list_does_not_outdate_another",
        rule,
        "A list with a greater `seq` is refused, and does not count.",
        "\n".join((GOOD, flipped(empty_list(seq=SEQ + 1)), old)),
        "revoked",
        trust=[listed("bad_signature"), listed()],
    )


def other_issuers() -> Iterator[Vector]:
    """A list speaks about the licenses of its own issuer."""
    rule = "Revocation lists: scope"
    theirs = revocation_list(signer=OTHER_ROOT, iss=OTHER_ISSUER)
    ask = partial(evaluated, keys=two_issuers())
    yield ask(
        "revocation_list_of_another_issuer_does_not_hit_ours",
        rule,
        "The other vendor's list names our license.",
        f"{GOOD}\n{theirs}",
        "valid",
        trust=[listed()],
    )
    yield ask(
        "revocation_list_of_another_issuer_does_not_outdate_ours",
        rule,
        "The other vendor's list has a greater `seq`; each is in force for its own issuer.",
        "\n".join((GOOD, empty_list(OTHER_ROOT, iss=OTHER_ISSUER, seq=SEQ + 1), revocation_list())),
        "revoked",
        trust=[listed(), listed()],
    )
    yield ask(
        "revocation_list_in_the_name_of_another_issuer_is_wrong_issuer",
        rule,
        "The other vendor signs a list in our name.",
        f"{GOOD}\n{revocation_list(signer=OTHER_ROOT, iss=ISSUER)}",
        "valid",
        trust=[listed("wrong_issuer")],
    )
