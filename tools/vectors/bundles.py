"""What an administrator pastes: text around tokens, and text inside them.

docs/token-format.md: "Bundle", and the size of a token in one ("Envelope" 1).
"""

import hmac
from collections.abc import Iterator

from tokens import ISSUED, MAX_TOKEN, Vector, b64, claims, encode, evaluated, token, token_of_length, wrapped

MAX_TOKENS = 256


def vectors() -> Iterator[Vector]:
    """Every vector of this subject."""
    good = token(claims())
    yield from text_around(good)
    yield from white_space(good)
    yield from refusals(good)
    yield from sizes(good)


def hs256_token() -> str:
    """A token of somebody else, as session cookies and mails carry them."""
    signed = ".".join(
        b64(encode(part)) for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": "1", "iat": ISSUED})
    )
    return f"{signed}.{b64(hmac.digest(b'not a secret', signed.encode(), 'sha256'))}"


def text_around(good: str) -> Iterator[Vector]:
    """Text around tokens is ignored."""
    rule = "Bundle: text around tokens"
    around = {
        "bundle_mail_around_a_token": (
            "A whole mail is pasted.",
            "Dear Ms Visser,\r\n\r\nplease paste this under Settings / Licenses:\r\n\r\n"
            f"{good}\r\n\r\nKind regards,\r\nExample Vendor - support@vendor.example\r\n",
        ),
        "bundle_token_in_quotes": ("The token is a value of a JSON text.", f'{{"license":"{good}","n":1}}'),
        "bundle_text_glued_to_the_end": (
            "Text follows the signature without a space.",
            f"{good}--Kind-regards.",
        ),
        "bundle_word_like_a_token_before_it": (
            "A word that begins as tokens do precedes the token on its line.",
            f"Hey eyJude {good}",
        ),
        "bundle_foreign_jwt_before_a_token": (
            "A token of somebody else, with a shorter signature, is on the line before.",
            f"{hs256_token()}\n{good}",
        ),
        "bundle_foreign_jwt_after_a_token": (
            "A token of somebody else follows.",
            f"{good}\n{hs256_token()}\n",
        ),
        "bundle_token_cut_in_its_signature_before_a_token": (
            "A token that was cut off precedes the whole one.",
            f"{good[:-40]}\n{good}",
        ),
        "bundle_token_cut_in_its_payload_at_once_before_a_token": (
            "A token that was cut off in its payload runs on into the whole one.",
            f"{good[:200]}\n{good}",
        ),
        "bundle_token_cut_in_its_payload_before_a_token": (
            "A token that was cut off, and a remark, precede the whole one.",
            f"{good[:200]}\n[message truncated]\n\n{good}",
        ),
    }
    for name, (description, text) in around.items():
        yield evaluated(name, rule, description, text, "valid")


def white_space(good: str) -> Iterator[Vector]:
    """White space that mail programs and web pages put inside tokens."""
    rule = "Bundle: white space inside tokens"
    head, body, mark = good.split(".")
    mark_of_order = "\ufeff"
    spaced = {
        "bundle_wrapped_lines": ("Lines of 64 characters.", wrapped(good, 64, "\r\n")),
        "bundle_no_break_space": ("Lines end with a no-break space.", wrapped(good, 64, "\u00a0\n")),
        "bundle_zero_width_space": (
            "A zero-width space after every 40 characters.",
            wrapped(good, 40, "\u200b"),
        ),
        "bundle_byte_order_mark": (
            "A byte-order mark at the start, and one inside.",
            mark_of_order + wrapped(good, 150, mark_of_order),
        ),
        "bundle_unicode_white_space": (
            "Line separator, ideographic space and next line.",
            wrapped(good, 64, "\u2028\u3000\u0085"),
        ),
        "bundle_lines_end_after_the_dots": (
            "Each segment is on a line of its own.",
            f"{head}.\n{body}.\n{mark}",
        ),
        "bundle_lines_end_before_the_dots": ("Each dot begins a line.", f"{head}\n.{body}\n.{mark}"),
    }
    for name, (description, text) in spaced.items():
        yield evaluated(name, rule, description, text, "valid")


def refusals(good: str) -> Iterator[Vector]:
    """Nothing but white space is repaired."""
    rule = "Bundle: nothing else is repaired"
    rows = {
        "bundle_empty_is_missing": ("There is no text.", "", "missing"),
        "bundle_text_without_a_token_is_missing": (
            "There is text, and no token in it.",
            "The license will follow by mail. Kind regards",
            "missing",
        ),
        "bundle_token_glued_to_a_word_is_missing": (
            "A letter precedes the token, so that it does not begin there.",
            f"License{good}",
            "missing",
        ),
        "bundle_token_after_a_dot_is_missing": (
            "A dot precedes the token, as if it were the payload of another.",
            f"here...{good}",
            "missing",
        ),
        "bundle_in_upper_case_is_missing": (
            "Case is not folded: nothing begins as tokens do.",
            good.upper(),
            "missing",
        ),
        "bundle_full_width_letters_are_missing": (
            "Unicode is not normalised: nothing begins as tokens do.",
            "".join(chr(ord(letter) + 0xFEE0) for letter in good),
            "missing",
        ),
        "bundle_token_cut_in_its_header_is_missing": (
            "What was cut off before its first dot is not taken for a token.",
            good[:40],
            "missing",
        ),
        "bundle_token_cut_in_its_payload_is_malformed": (
            "The token was cut off after its first dot.",
            good[:200],
            "malformed",
        ),
        "bundle_token_cut_in_its_signature_is_malformed": (
            "One character of the signature is missing.",
            good[:-1],
            "malformed",
        ),
        "bundle_quoted_lines_are_malformed": (
            "The marks of a quoted mail are not taken away.",
            wrapped(good, 120, "\n", "> "),
            "malformed",
        ),
        "bundle_foreign_jwt_alone_is_malformed": (
            "A token of somebody else has too short a signature to be complete.",
            f"Bearer {hs256_token()}",
            "malformed",
        ),
    }
    for name, (description, text, code) in rows.items():
        yield evaluated(name, rule, description, text, code)


def sizes(good: str) -> Iterator[Vector]:
    """At most 256 tokens; each of at most 16 KiB."""
    rule = "Bundle: at most 256 tokens"

    def others(count: int) -> str:
        return "\n".join(f"eyJ.{number:04}.{'A' * 86}" for number in range(count))

    yield evaluated(
        "bundle_of_256_tokens_is_read",
        rule,
        "A good license and 255 broken ones.",
        f"{good}\n{others(MAX_TOKENS - 1)}",
        "valid",
    )
    yield evaluated(
        "bundle_of_257_tokens_is_malformed",
        rule,
        "A good license and 256 broken ones are too many.",
        f"{good}\n{others(MAX_TOKENS)}",
        "malformed",
    )
    yield evaluated(
        "bundle_token_of_16385_characters_is_malformed",
        "Envelope 1: size",
        "In a bundle too, a token has at most 16 KiB.",
        token_of_length(MAX_TOKEN + 1),
        "malformed",
    )
    yield evaluated(
        "bundle_token_too_large_beside_a_good_one",
        "Envelope 1: size",
        "A token over 16 KiB does not stop the next.",
        f"{token_of_length(MAX_TOKEN + 1)}\n{good}",
        "valid",
    )
