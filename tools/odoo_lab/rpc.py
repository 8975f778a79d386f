"""Calls of a running Odoo from outside, as any program of a customer's makes them."""

import json
import urllib.error
import urllib.request
from typing import Any

from odoo_lab.workspace import Unavailable


def call(url: str, database: str, account: tuple[str, str], model: str, method: str, *args: object) -> Any:  # noqa: ANN401 - whatever the method returns
    """Call a method of a model as a user.

    Args:
        url: the address of the server.
        database: its database.
        account: login and password.
        model: the name of the model, such as ``"res.users"``.
        method: the name of the method.
        args: its positional arguments.

    Raises:
        RuntimeError: Odoo refused; the message is Odoo's.
        Unavailable: nothing answers at this address.
    """
    login, password = account
    user = _request(url, "common", "login", database, login, password)
    if not user:
        raise RuntimeError(f"The database {database} knows no {login} with this password.")
    return _request(url, "object", "execute_kw", database, user, password, model, method, args)


def _request(url: str, service: str, method: str, *args: object) -> Any:  # noqa: ANN401
    params = {"service": service, "method": method, "args": args}
    body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}).encode()
    request = urllib.request.Request(f"{url}/jsonrpc", body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310 - the lab's own server
            answer = json.load(response)
    except urllib.error.URLError as error:
        raise Unavailable(f"Nothing answers at {url}; start the lab with `make run`.") from error
    if "error" in answer:
        raise RuntimeError(answer["error"]["data"]["message"])
    # Odoo leaves it out where a method returns nothing.
    return answer.get("result")
