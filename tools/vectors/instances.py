"""Tolerant binding: the claim `instance`, and which of its components match.

docs/token-format.md: "Binding to an instance" and "Claims" (`instance`, `move_grace_days`).
"""

import hashlib
import json
from collections.abc import Iterator

from tokens import (
    DAY,
    INSTANCE,
    NOW,
    OTHER,
    Claims,
    Vector,
    changed,
    claims,
    evaluated,
    fingerprint,
    token,
    vector,
)

SALT = "b2xkIHNhbHQ"
UUID, DOMAIN = INSTANCE["database_uuid"], INSTANCE["domain"]
INSTANCE_ID = "korenaar-production"


def component(kind: str, value: str, salt: str = SALT, **more: object) -> Claims:
    """One component: SHA-256 of `salt:kind:value`."""
    text = f"{salt}:{kind}:{value}"
    return {"kind": kind, "hash": hashlib.sha256(text.encode()).hexdigest(), **more}


BY_UUID = component("database_uuid", UUID)
BY_DOMAIN = component("domain", DOMAIN)
BY_ID = component("instance_id", INSTANCE_ID)


def binding(*of: object, need: object = None, **changes: object) -> Claims:
    """The claim `instance`, where all of the components have to match unless said."""
    base: Claims = {"salt": SALT, "need": len(of) if need is None else need, "of": list(of)}
    return changed(base, changes)


def bound(*of: object, need: object = None, **more: object) -> str:
    """A license with a tolerant binding."""
    return token(claims(instance=binding(*of, need=need), **more))


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from matches()
    yield from components()
    yield from domains()
    yield from shape()
    yield from days()
    yield from changes()


def matches() -> Iterator[Vector]:
    """`need` of the components match, all required ones among them."""
    rule = "Binding to an instance: need"
    there = INSTANCE | {"instance_id": INSTANCE_ID}
    uuid_only = {"database_uuid": UUID, "domain": "elsewhere.example"}
    domain_only = {"database_uuid": OTHER["database_uuid"], "domain": DOMAIN}
    pinned = BY_UUID | {"required": True}
    free = BY_UUID | {"required": False}
    rows: dict[str, tuple[str, str, dict[str, str] | None, str]] = {
        "instance_all_of_two_match": ("Both match.", bound(BY_UUID, BY_DOMAIN), INSTANCE, "valid"),
        "instance_one_of_two_is_enough": (
            "One is needed, and the database matches.",
            bound(BY_UUID, BY_DOMAIN, need=1),
            uuid_only,
            "valid",
        ),
        "instance_either_of_two_is_enough": (
            "One is needed, and the domain matches.",
            bound(BY_UUID, BY_DOMAIN, need=1),
            domain_only,
            "valid",
        ),
        "instance_one_of_two_is_too_few": (
            "Two are needed, and the domain differs.",
            bound(BY_UUID, BY_DOMAIN),
            uuid_only,
            "wrong_instance",
        ),
        "instance_two_of_three_are_enough": (
            "Two of three are needed, and the domain differs.",
            bound(BY_UUID, BY_DOMAIN, BY_ID, need=2),
            uuid_only | {"instance_id": INSTANCE_ID},
            "valid",
        ),
        "instance_none_of_them_matches": (
            "One is needed, and none matches.",
            bound(BY_UUID, BY_DOMAIN, need=1),
            OTHER,
            "wrong_instance",
        ),
        "instance_required_component_matches": (
            "The database is required and matches.",
            bound(pinned, BY_DOMAIN, need=1),
            uuid_only,
            "valid",
        ),
        "instance_required_component_differs": (
            "The domain would be enough, but the database is required.",
            bound(pinned, BY_DOMAIN, need=1),
            domain_only,
            "wrong_instance",
        ),
        "instance_required_components_may_be_more_than_need": (
            "One is needed, and both are required.",
            bound(pinned, BY_DOMAIN | {"required": True}, need=1),
            uuid_only,
            "wrong_instance",
        ),
        "instance_required_component_alone_is_too_few": (
            "The required one matches, and one more is needed.",
            bound(pinned, BY_DOMAIN, BY_ID, need=2),
            uuid_only,
            "wrong_instance",
        ),
        "instance_component_that_is_not_required_may_differ": (
            "`required` is false.",
            bound(free, BY_DOMAIN, need=1),
            domain_only,
            "valid",
        ),
        "instance_without_an_instance_is_wrong_instance": (
            "The license is bound, and no instance was given.",
            bound(BY_UUID, need=1),
            None,
            "wrong_instance",
        ),
        "instance_id_matches": ("The id of the operator is needed.", bound(BY_ID), there, "valid"),
        "instance_id_differs": (
            "The id of the operator is another.",
            bound(BY_ID),
            there | {"instance_id": "korenaar-test"},
            "wrong_instance",
        ),
        "instance_id_that_is_not_set_does_not_match": (
            "The operator has set no id.",
            bound(BY_ID),
            INSTANCE,
            "wrong_instance",
        ),
        "instance_of_two_databases_fits_either": (
            "One of two databases is needed, and the second is there.",
            bound(component("database_uuid", OTHER["database_uuid"]), BY_UUID, need=1),
            INSTANCE,
            "valid",
        ),
    }
    for name, (description, text, instance, code) in rows.items():
        yield vector(name, rule, description, text, code, instance=instance)


def components() -> Iterator[Vector]:
    """The hash of a component: salted, and of its kind."""
    rule = "Binding to an instance: hash"
    upper = BY_UUID | {"hash": str(BY_UUID["hash"]).upper()}
    unsalted = hashlib.sha256(UUID.encode()).hexdigest()
    rows = {
        "component_hash_in_upper_case_matches": ("Its digits are in upper case.", upper, "valid"),
        "component_of_another_salt_does_not_match": (
            "It was hashed with another salt.",
            component("database_uuid", UUID, "another"),
            "wrong_instance",
        ),
        "component_of_another_kind_does_not_match": (
            "The hash of the database stands under the kind domain.",
            BY_UUID | {"kind": "domain"},
            "wrong_instance",
        ),
        "component_without_salt_does_not_match": (
            "It is the hash of the bare value.",
            BY_UUID | {"hash": unsalted},
            "wrong_instance",
        ),
        "component_of_another_case_does_not_match": (
            "The database is hashed in upper case; nothing is folded.",
            component("database_uuid", UUID.upper()),
            "wrong_instance",
        ),
    }
    for name, (description, of, code) in rows.items():
        yield vector(name, rule, description, bound(of), code, instance=INSTANCE)
    for name, salt in {
        "salt_of_one_character_is_accepted": "s",
        "salt_of_128_characters_is_accepted": "s" * 128,
        "salt_of_128_letters_outside_ascii_is_accepted": "\u00e9" * 128,
        "salt_with_a_colon_is_accepted": "a:b",
    }.items():
        text = token(claims(instance=binding(component("domain", DOMAIN, salt), salt=salt)))
        description = f"The salt has {len(salt)} characters."
        yield vector(name, rule, description, text, "valid", instance=INSTANCE)


def domains() -> Iterator[Vector]:
    """A domain matches if any of those that are known does."""
    rule = "Binding to an instance: domains"
    moved: Claims = {"database_uuid": UUID, "domain": "new.korenaar.example"}
    others: Claims = moved | {"other_domains": ["erp.korenaar.example", DOMAIN]}
    foreign: Claims = moved | {"other_domains": ["erp.korenaar.example"]}
    exact = token(claims(instance_fingerprint=fingerprint(INSTANCE)))
    both = bound(BY_UUID, BY_DOMAIN)
    rows: dict[str, tuple[str, str, Claims, str]] = {
        "another_domain_of_the_instance_matches": (
            "The license is bound to the third.",
            both,
            others,
            "valid",
        ),
        "no_domain_of_the_instance_matches": (
            "It is bound to none of them.",
            both,
            foreign,
            "wrong_instance",
        ),
        "another_domain_matches_the_fingerprint": ("The same for the exact binding.", exact, others, "valid"),
        "no_domain_matches_the_fingerprint": (
            "It is bound to none of them, exactly.",
            exact,
            foreign,
            "wrong_instance",
        ),
    }
    for name, (description, text, instance, code) in rows.items():
        yield vector(name, rule, description, text, code, instance=instance)


def shape() -> Iterator[Vector]:
    """The types and ranges of `instance`."""
    rule = "Claims: instance"
    good = binding(BY_DOMAIN)
    sixteen = [component("domain", str(number)) for number in range(15)] + [BY_DOMAIN]
    wrong: dict[str, object] = {
        "null": None,
        "string": fingerprint(INSTANCE),
        "array": [good],
        "without_salt": {"need": 1, "of": [BY_DOMAIN]},
        "without_need": {"salt": SALT, "of": [BY_DOMAIN]},
        "without_of": {"salt": SALT, "need": 1},
        "salt_empty": good | {"salt": ""},
        "salt_of_129_characters": good | {"salt": "s" * 129},
        "salt_number": good | {"salt": 7},
        "need_0": good | {"need": 0},
        "need_negative": good | {"need": -1},
        "need_more_than_there_are": good | {"need": 2},
        "need_string": good | {"need": "1"},
        "need_true": good | {"need": True},
        "need_fraction": good | {"need": 1.0},
        "of_empty": binding(need=1),
        "of_17_components": binding(*sixteen, BY_UUID, need=1),
        "of_object": good | {"of": BY_DOMAIN},
        "of_string_in_it": good | {"of": ["domain"]},
        "component_without_kind": binding({"hash": BY_DOMAIN["hash"]}),
        "component_without_hash": binding({"kind": "domain"}),
        "component_kind_number": binding(BY_DOMAIN | {"kind": 7}),
        "component_hash_of_63_digits": binding(BY_DOMAIN | {"hash": "0" * 63}),
        "component_hash_of_65_digits": binding(BY_DOMAIN | {"hash": "0" * 65}),
        "component_hash_not_hexadecimal": binding(BY_DOMAIN | {"hash": "g" * 64}),
        "component_hash_with_a_prefix": binding(BY_DOMAIN | {"hash": f"sha256:{BY_DOMAIN['hash']}"}),
        "component_hash_null": binding(BY_DOMAIN | {"hash": None}),
        "component_required_number": binding(BY_DOMAIN | {"required": 1}),
        "component_required_null": binding(BY_DOMAIN | {"required": None}),
    }
    for name, value in wrong.items():
        shown = json.dumps(value)
        description = f"`instance` is {shown if len(shown) < 100 else shown[:99] + '…'}."
        text = token(claims(instance=value))
        yield vector(f"instance_{name}_is_refused", rule, description, text, "malformed", instance=INSTANCE)
    yield vector(
        "instance_of_16_components_is_accepted",
        rule,
        "Sixteen components, of which the last matches.",
        bound(*sixteen, need=1),
        "valid",
        instance=INSTANCE,
    )
    yield vector(
        "instance_kind_unknown_is_unsupported",
        rule,
        "A component is of a kind of a later time, though the other would be enough.",
        bound(BY_DOMAIN, component("cluster", "prod"), need=1),
        "unsupported",
        instance=INSTANCE,
    )
    yield vector(
        "instance_malformed_comes_before_unsupported",
        "Codes: order",
        "A component is of an unknown kind, and another has no hash.",
        bound(component("cluster", "prod"), {"kind": "domain"}, need=1),
        "malformed",
        instance=INSTANCE,
    )
    yield vector(
        "instance_and_instance_fingerprint_together_are_refused",
        rule,
        "Both bindings are there.",
        bound(BY_DOMAIN, instance_fingerprint=fingerprint(INSTANCE)),
        "malformed",
        instance=INSTANCE,
    )


def days() -> Iterator[Vector]:
    """The types and the range of `move_grace_days`."""
    rule = "Claims: move_grace_days"
    values: dict[str, tuple[object, str]] = {
        "0_is_accepted": (0, "valid"),
        "90_is_accepted": (90, "valid"),
        "91_is_refused": (91, "malformed"),
        "negative_is_refused": (-1, "malformed"),
        "string_is_refused": ("14", "malformed"),
        "fraction_is_refused": (14.0, "malformed"),
        "true_is_refused": (True, "malformed"),
        "null_is_refused": (None, "malformed"),
    }
    for name, (value, code) in values.items():
        text = bound(BY_DOMAIN, move_grace_days=value)
        description = f"`move_grace_days` is {json.dumps(value)}."
        yield vector(f"move_grace_days_{name}", rule, description, text, code, instance=INSTANCE)
    yield vector(
        "move_grace_days_without_a_binding_is_accepted",
        rule,
        "The license is not bound, so that the days mean nothing.",
        token(claims(move_grace_days=7)),
        "valid",
    )


def changes() -> Iterator[Vector]:
    """The report names the components that do not match."""
    rule = "Binding to an instance: what changed"
    elsewhere = {"database_uuid": UUID, "domain": "elsewhere.example"}
    exact = token(claims(instance_fingerprint=fingerprint(OTHER)))
    three = bound(BY_UUID, BY_DOMAIN, BY_ID)
    rows: dict[str, tuple[str, str, dict[str, str], str, list[str]]] = {
        "changed_names_the_domain": (
            "The domain differs.",
            bound(BY_UUID, BY_DOMAIN),
            elsewhere,
            "wrong_instance",
            ["domain"],
        ),
        "changed_names_each_component": (
            "The domain differs, and no id is set.",
            three,
            elsewhere,
            "wrong_instance",
            ["domain", "instance_id"],
        ),
        "changed_of_an_exact_binding_names_both": (
            "A fingerprint does not tell which part differs.",
            exact,
            INSTANCE,
            "wrong_instance",
            ["database_uuid", "domain"],
        ),
        "changed_is_empty_where_all_match": ("All match.", bound(BY_UUID, BY_DOMAIN), INSTANCE, "valid", []),
        "changed_is_empty_without_a_binding": (
            "The license is not bound.",
            token(claims(exp=NOW + DAY)),
            INSTANCE,
            "expiring",
            [],
        ),
    }
    for name, (description, text, instance, code, names) in rows.items():
        yield evaluated(name, rule, description, text, code, instance=instance, changed=names)
