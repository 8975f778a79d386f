"""Stolen keys: `revoked_keys` of a root's list, and what they hit.

docs/token-format.md: "Stolen keys".
"""

from collections.abc import Iterator
from functools import partial

from tokens import (
    DAILY,
    DAY,
    ISSUED,
    ISSUER,
    JTI,
    KID,
    NEXT_DAILY,
    NEXT_KID,
    NOW,
    OTHER_ROOT,
    ROOT,
    SECOND_JTI,
    SECOND_ROOT,
    Vector,
    claims,
    evaluated,
    key,
    token,
)
from trust import (
    OTHER_ISSUER,
    ROOT_USE,
    SEQ,
    certificate,
    certified,
    daily,
    empty_list,
    kid_of,
    listed,
    revocation_list,
    roots,
    signed,
    two_issuers,
)

STOLEN = kid_of(DAILY)

theft = partial(empty_list, revoked_keys=[STOLEN])
"""A root's list that withdraws the certified key."""

asked = partial(evaluated, keys=[key(), *roots()])
"""One case with two roots and a license key beside them."""


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from what_is_hit()
    yield from who_may_say_so()
    yield from lists_of_the_thief()
    yield from newest_list_of_a_root()
    yield from other_issuers()


def what_is_hit() -> Iterator[Vector]:
    """Everything that the key signed is revoked, whatever it says about its date."""
    rule = "Stolen keys: what is hit"
    rows: dict[str, tuple[str, str]] = {
        "license_by_a_stolen_key_is_revoked": ("The license was never seen before.", daily()),
        "license_backdated_by_a_thief_is_revoked": (
            "The license says that it was issued long before the theft.",
            daily(iat=ISSUED - 300 * DAY),
        ),
        "license_dated_ahead_by_a_thief_is_revoked": (
            "The license says that it was issued after the list.",
            daily(iat=NOW + DAY),
        ),
    }
    for name, (description, text) in rows.items():
        yield asked(
            name,
            rule,
            description,
            "\n".join((text, certificate(), theft())),
            "revoked",
            failed=["revoked"],
            not_run=[],
            next_change=None,
            next_code=None,
            trust=[certified("revoked"), listed()],
        )
    yield asked(
        "stolen_key_is_revoked_in_any_order",
        rule,
        "The list comes first, the certificate last.",
        "\n".join((theft(), daily(), certificate())),
        "revoked",
        trust=[listed(), certified("revoked")],
    )
    yield asked(
        "every_key_certificate_of_a_stolen_key_is_revoked",
        rule,
        "A renewed certificate does not bring the key back.",
        "\n".join((daily(), certificate(), certificate(iat=SEQ + 1, signer=SECOND_ROOT), theft())),
        "revoked",
        trust=[certified("revoked"), certified("revoked"), listed()],
    )
    yield asked(
        "stolen_key_without_its_certificate_is_unknown_key",
        rule,
        "Nothing in the text certifies the key that the list names.",
        f"{daily()}\n{theft()}",
        "unknown_key",
        trust=[listed()],
    )
    yield asked(
        "license_by_another_key_is_not_hit",
        rule,
        "Another certified key signed the license.",
        "\n".join((signed(claims(), NEXT_DAILY), certificate(NEXT_DAILY), theft())),
        "valid",
        trust=[certified(), listed()],
    )
    yield asked(
        "stolen_embedded_key_is_revoked",
        rule,
        "The key that was stolen is in the keyring, and is no root.",
        f"{token(claims())}\n{empty_list(revoked_keys=[KID])}",
        "revoked",
        trust=[listed()],
    )
    yield asked(
        "license_issued_again_by_another_key_decides",
        "Stolen keys: issued again",
        "Beside the revoked license there is one that was issued again.",
        "\n".join((daily(), certificate(), theft(), token(claims(jti=SECOND_JTI)))),
        "valid",
        jti=SECOND_JTI,
    )


def who_may_say_so() -> Iterator[Vector]:
    """`revoked_keys` counts in a list that a root signed, and never hits a root."""
    rule = "Stolen keys: who may say so"
    good, keys = token(claims()), [KID]
    yield asked(
        "revoked_keys_by_a_certified_key_are_not_honoured",
        rule,
        "A certified key signed the list that names a key.",
        "\n".join((good, empty_list(DAILY, revoked_keys=keys), certificate())),
        "valid",
        trust=[listed(), certified()],
    )
    yield evaluated(
        "revoked_keys_by_an_embedded_key_that_is_no_root_are_not_honoured",
        rule,
        "A key of the keyring for lists alone signed the list that names a key.",
        f"{good}\n{empty_list(NEXT_KID, revoked_keys=keys)}",
        "valid",
        keys=[key(), key(NEXT_KID, use=["revocation"]), *roots()],
        trust=[listed()],
    )
    yield asked(
        "revoked_keys_by_the_key_itself_are_not_honoured",
        rule,
        "The certified key names itself.",
        "\n".join((daily(), certificate(), empty_list(DAILY, revoked_keys=[STOLEN]))),
        "valid",
        trust=[certified(), listed()],
    )
    licensing = [key(ROOT, use=["license", *ROOT_USE]), key(SECOND_ROOT, use=ROOT_USE)]
    for name, signer in {
        "revoked_keys_never_hit_another_root": SECOND_ROOT,
        "revoked_keys_never_hit_the_root_that_signs": ROOT,
    }.items():
        yield evaluated(
            name,
            rule,
            f"{signer} names {ROOT}, which has signed a license and a certificate.",
            "\n".join((signed(claims(), ROOT), certificate(), empty_list(signer, revoked_keys=[ROOT]))),
            "valid",
            keys=licensing,
            trust=[certified(), listed()],
        )
    yield evaluated(
        "revoked_keys_by_the_second_root_hit_what_the_first_certified",
        rule,
        "The first root has certified the key, and the second withdraws it.",
        "\n".join((daily(), certificate(), theft(SECOND_ROOT))),
        "revoked",
        keys=roots(),
        trust=[certified("revoked"), listed()],
    )


def lists_of_the_thief() -> Iterator[Vector]:
    """What a stolen key signs as a list is discarded, its `seq` too."""
    rule = "Stolen keys: lists"
    good = token(claims())
    nothing = empty_list(DAILY, seq=SEQ + 100)
    everything = revocation_list(JTI, signer=DAILY, seq=SEQ + 100)
    withdrawn = revocation_list(JTI, revoked_keys=[STOLEN])
    yield asked(
        "list_of_a_thief_with_a_greater_seq_is_discarded",
        rule,
        "The vendor has revoked the license; the thief's later list names none.",
        "\n".join((good, certificate(), nothing, withdrawn)),
        "revoked",
        trust=[certified("revoked"), listed("revoked"), listed()],
    )
    yield asked(
        "list_of_a_thief_stops_nothing",
        rule,
        "The thief's later list names a customer's license.",
        "\n".join((good, theft(), certificate(), everything)),
        "valid",
        trust=[listed(), certified("revoked"), listed("revoked")],
    )
    yield asked(
        "list_of_a_key_that_was_not_stolen_counts_beside",
        rule,
        "A root's list withdraws one key; a later list by another key revokes the license.",
        "\n".join((good, theft(), certificate(NEXT_DAILY), revocation_list(signer=NEXT_DAILY, seq=SEQ + 1))),
        "revoked",
        trust=[listed(), certified(), listed()],
    )
    yield asked(
        "revoked_keys_count_though_another_list_is_newer",
        rule,
        "A later list by another key does not outdate the keys of the root's list.",
        "\n".join(
            (daily(), certificate(), theft(), certificate(NEXT_DAILY), empty_list(NEXT_DAILY, seq=SEQ + 1))
        ),
        "revoked",
        trust=[certified("revoked"), listed(), certified(), listed()],
    )


def newest_list_of_a_root() -> Iterator[Vector]:
    """Of lists by roots the one with the greatest `seq` says which keys are withdrawn."""
    rule = "Stolen keys: the newest list of a root"
    license_ = f"{daily()}\n{certificate()}"
    older, newer = theft(), empty_list(SECOND_ROOT, seq=SEQ + 1)
    for name, lists, trust in [
        ("newer_list_of_a_root_gives_a_key_back", (older, newer), [listed(in_force=False), listed()]),
        (
            "newer_list_of_a_root_gives_a_key_back_in_any_order",
            (newer, older),
            [listed(), listed(in_force=False)],
        ),
    ]:
        yield asked(
            name,
            rule,
            "The newer list of a root does not name the key.",
            "\n".join((license_, *lists)),
            "valid",
            trust=[certified(), *trust],
        )
    yield asked(
        "newer_list_of_a_root_withdraws_a_key",
        rule,
        "Only the newer list of a root names the key.",
        "\n".join((license_, empty_list(SECOND_ROOT), theft(seq=SEQ + 1))),
        "revoked",
        trust=[certified("revoked"), listed(in_force=False), listed()],
    )


def other_issuers() -> Iterator[Vector]:
    """A root speaks about the keys of its own issuer."""
    rule = "Stolen keys: scope"
    theirs = partial(empty_list, OTHER_ROOT, iss=OTHER_ISSUER)
    ask = partial(evaluated, keys=two_issuers())
    yield ask(
        "revoked_keys_of_another_issuer_do_not_hit_our_certified_key",
        rule,
        "The other vendor's root names our certified key.",
        "\n".join((daily(), certificate(), theirs(revoked_keys=[STOLEN]))),
        "valid",
        trust=[certified(), listed()],
    )
    yield ask(
        "revoked_keys_of_another_issuer_do_not_hit_our_embedded_key",
        rule,
        "The other vendor's root names our key of the keyring.",
        f"{token(claims())}\n{theirs(revoked_keys=[KID])}",
        "valid",
        trust=[listed()],
    )
    yield ask(
        "revoked_keys_of_another_issuer_do_not_hit_a_key_that_both_certified",
        rule,
        "The other vendor certifies our key and withdraws it again.",
        "\n".join(
            (
                daily(),
                certificate(),
                certificate(signer=OTHER_ROOT, iss=OTHER_ISSUER),
                theirs(revoked_keys=[STOLEN]),
            )
        ),
        "valid",
        remembered={"licenses": {ISSUER: {JTI: {"first_seen": ISSUED}}}},
        trust=[certified(), certified("revoked"), listed()],
    )
