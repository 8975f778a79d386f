"""What can be seen of a token before its key is known.

docs/token-format.md: "Envelope" 1 (size and shape), 2 (base64url) and 3 (header); of "Codes" the order of
`malformed` and `unsupported`, and `missing` for no text; of "Bundle" what `verify_license` does not take
from it.
"""

from collections.abc import Iterator

from tokens import (
    DROP,
    KID,
    MAX_TOKEN,
    Claims,
    Vector,
    b64,
    claims,
    encode,
    header,
    key,
    nested,
    seal,
    token,
    token_of_length,
    unb64,
    vector,
    with_member,
    wrapped,
)


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    yield from segments()
    yield from base64url()
    yield from headers()
    yield from forbidden_members()
    yield from header_text()


def segments() -> Iterator[Vector]:
    """Envelope 1: size and shape; what surrounds a single token."""
    rule = "Envelope 1: size"
    yield vector(
        "token_of_16384_characters_is_accepted",
        rule,
        "A token of exactly 16 KiB is read.",
        token_of_length(MAX_TOKEN),
        "valid",
    )
    yield vector(
        "token_of_16385_characters_is_refused",
        rule,
        "A token one character over 16 KiB is refused, though its signature is good.",
        token_of_length(MAX_TOKEN + 1),
        "malformed",
    )
    good = token(claims())
    head, body, mark = good.split(".")
    rule = "Envelope 1: three segments"
    wrong = {
        "two_segments_are_refused": ("The signature is missing with its dot.", f"{head}.{body}"),
        "four_segments_are_refused": ("A fourth segment follows.", f"{good}.{mark}"),
        "empty_signature_is_refused": ("The third segment is empty.", f"{head}.{body}."),
        "empty_payload_is_refused": ("The second segment is empty.", seal(f"{head}.")),
    }
    for name, (description, text) in wrong.items():
        yield vector(name, rule, description, text, "malformed")
    yield vector(
        "white_space_around_a_token_is_trimmed",
        "Bundle: one token for verify_license",
        "Spaces and line ends before and after the token are dropped.",
        f" \r\n\t{good}\n\n",
        "valid",
    )
    yield vector(
        "white_space_inside_one_token_is_refused",
        "Bundle: one token for verify_license",
        "verify_license repairs no wrapped lines: that is for bundles.",
        wrapped(good, 100),
        "malformed",
    )
    yield vector("empty_text_is_missing", "Codes: missing", "There is no text at all.", "", "missing")


def base64url() -> Iterator[Vector]:
    """Envelope 2, for each of the three segments."""
    rule = "Envelope 2: canonical base64url"
    head, body, mark = token(claims()).split(".")
    # One of three "?" in a row ends in six set bits, which base64url writes as "_".
    standard = b64(encode(claims(note="???>>>~~~"))).replace("-", "+").replace("_", "/")
    padded = body + "=" * (-len(body) % 4)
    odd = body + "A" * ((1 - len(body)) % 4)
    wrong = {
        "padding_is_refused": ("The payload is padded with '='.", seal(f"{head}.{padded}")),
        "standard_alphabet_is_refused": (
            "The payload is written with '+' or '/' in place of '-' or '_'.",
            seal(f"{head}.{standard}"),
        ),
        "trailing_bits_in_a_header_are_refused": (
            "The last character of the header has a bit set that carries no data.",
            seal(f"{not_canonical(head)}.{body}"),
        ),
        "trailing_bits_in_a_payload_are_refused": (
            "The last character of the payload has a bit set that carries no data.",
            seal(f"{head}.{not_canonical(body)}"),
        ),
        "trailing_bits_in_a_signature_are_refused": (
            "The last character of the signature has a bit set that carries no data.",
            f"{head}.{body}.{not_canonical(mark)}",
        ),
        "segment_of_4n_plus_1_characters_is_refused": (
            "The payload has a length that no bytes encode to.",
            seal(f"{head}.{odd}"),
        ),
        "letter_outside_ascii_is_refused": (
            "The payload holds a letter that base64url does not have.",
            seal(f"{head}.{body[:20]}é{body[21:]}"),
        ),
        "signature_of_63_bytes_is_refused": (
            "The signature is one byte short.",
            f"{head}.{body}.{b64(unb64(mark)[:63])}",
        ),
    }
    for name, (description, text) in wrong.items():
        yield vector(name, rule, description, text, "malformed")


def not_canonical(segment: str) -> str:
    """The segment with a trailing bit set: other text, same bytes (RFC 4648 §3.5)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(segment) % 4 not in (2, 3):
        raise ValueError("no trailing bits in this segment")
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) | 1]


def headers() -> Iterator[Vector]:
    """Envelope 3: the members that a header has to have."""
    rule = "Envelope 3: alg, kid and typ"
    members: dict[str, tuple[str, Claims, str]] = {
        "header_without_alg_is_refused": ("`alg` is missing.", {"alg": DROP}, "malformed"),
        "header_alg_of_a_wrong_type_is_refused": ("`alg` is a list.", {"alg": ["EdDSA"]}, "malformed"),
        "header_alg_none_is_refused": ("`alg` is none.", {"alg": "none"}, "unsupported"),
        "header_alg_hs256_is_refused": ("`alg` is HS256.", {"alg": "HS256"}, "unsupported"),
        "header_alg_ed25519_is_refused": (
            "`alg` is the newer name Ed25519, which tokens here do not carry.",
            {"alg": "Ed25519"},
            "unsupported",
        ),
        "header_without_kid_is_refused": ("`kid` is missing.", {"kid": DROP}, "malformed"),
        "header_kid_of_a_wrong_type_is_refused": ("`kid` is a number.", {"kid": 2026}, "malformed"),
        "header_kid_empty_is_refused": ("`kid` is empty.", {"kid": ""}, "malformed"),
        "header_without_typ_is_refused": ("`typ` is missing.", {"typ": DROP}, "malformed"),
        "header_typ_in_lower_case_is_refused": ("`typ` is jwt.", {"typ": "jwt"}, "unsupported"),
        "header_typ_with_application_is_refused": (
            "`typ` has the prefix application/.",
            {"typ": "application/aegis-license+jwt"},
            "unsupported",
        ),
    }
    for name, (description, changes, code) in members.items():
        yield vector(name, rule, description, token(claims(), header(**changes)), code)


def forbidden_members() -> Iterator[Vector]:
    """Envelope 3: header members that refuse a token."""
    rule = "Envelope 3: refused members"
    values: Claims = {
        "crit": ["exp"],
        "b64": True,
        "zip": "DEF",
        "cty": "JWT",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": key()["x"]},
        "jku": "https://vendor.example/keys.json",
        "x5u": "https://vendor.example/key.pem",
        "x5c": [],
    }
    for name, value in values.items():
        yield vector(
            f"header_{name}_is_refused",
            rule,
            f"The header has `{name}`.",
            token(claims(), header(**{name: value})),
            "unsupported",
        )
    yield vector(
        "header_crit_null_is_refused",
        rule,
        "A member that refuses a token does so with any value.",
        token(claims(), header(crit=None)),
        "unsupported",
    )
    yield vector(
        "header_unknown_members_are_ignored",
        "Envelope 3: other members",
        "Members that mean nothing here change nothing.",
        token(claims(), header(x5t="AAAA", note={"a": [None, 1.5]})),
        "valid",
    )
    yield vector(
        "header_malformed_comes_before_unsupported",
        "Codes: order",
        "A header with two faults is called malformed first.",
        token(claims(), header(alg="none", crit=["exp"], kid=DROP)),
        "malformed",
    )


def header_text() -> Iterator[Vector]:
    """Envelope 3: the header is one strict JSON object."""
    plain = encode(header())
    wrong: dict[str, tuple[str, str, bytes]] = {
        "header_duplicate_name_is_refused": (
            "Envelope 3: no duplicate names",
            "The header has `kid` twice.",
            with_member(header(), f'"kid":"{KID}"'),
        ),
        "header_nested_duplicate_name_is_refused": (
            "Envelope 3: no duplicate names",
            "An object inside an unknown header member has a name twice.",
            with_member(header(), '"note":[{"a":1,"a":1}]'),
        ),
        "header_17_levels_are_refused": (
            "Envelope 3: depth",
            "The header is 17 levels deep.",
            encode(header(note=nested(16))),
        ),
        "header_array_is_refused": (
            "Envelope 3: one JSON object",
            "The header is an array of its members.",
            encode(list(header().values())),
        ),
        "header_not_utf8_is_refused": (
            "Envelope 3: UTF-8",
            "An unknown header member holds a byte that is not UTF-8.",
            plain[:-1] + b',"note":"\xff"}',
        ),
        "header_bytes_after_the_object_are_refused": (
            "Envelope 3: one JSON object",
            "A second object follows the header.",
            plain + b"{}",
        ),
    }
    for name, (rule, description, head) in wrong.items():
        yield vector(name, rule, description, token(claims(), head), "malformed")
