"""Tells Schemathesis how to read answers: it takes ``application/jwt``, which is a token, for JSON."""

from typing import Any

import schemathesis


def _read(_context: object, response: Any) -> Any:  # noqa: ANN401 - of Schemathesis, and any JSON
    if "application/jwt" in response.headers["content-type"]:
        return response.text
    return response.json()


schemathesis.deserializer("application/json")(_read)
