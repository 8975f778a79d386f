"""What a browser asks of Odoo, without a browser."""

import http.cookiejar
import json
import re
import urllib.request
from typing import Any


def is_refused(person: "Session", model: str, because: str) -> bool:
    """Try to make a record, and say whether it was refused.

    Raises:
        RuntimeError: it was, for another reason.
    """
    try:
        person.call(model, "create", {"name": "tried"})
    except RuntimeError as error:
        if because not in str(error):
            raise
        return True
    return False


class Session:
    """A person who is logged in.

    Attributes:
        info: what the web client got to know when it was loaded.
    """

    def __init__(self, url: str, database: str, login: str) -> None:
        """Log in; the password is the login.

        Raises:
            RuntimeError: Odoo refused; the message is Odoo's.
        """
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.info = self.post("/web/session/authenticate", db=database, login=login, password=login)

    def post(self, path: str, **params: object) -> Any:  # noqa: ANN401 - whatever the route answers
        """Call a JSON route.

        Raises:
            RuntimeError: Odoo refused; the message is Odoo's.
        """
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}).encode()
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"})  # noqa: S310
        with self._opener.open(request, timeout=120) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["message"])
        # Odoo leaves None out.
        return answer.get("result")

    def call(self, model: str, method: str, *args: object, **named: object) -> Any:  # noqa: ANN401
        """Call a method of a model, as the web client does.

        Raises:
            RuntimeError: Odoo refused; the message is Odoo's.
        """
        path = f"/web/dataset/call_kw/{model}/{method}"
        return self.post(path, model=model, method=method, args=args, kwargs=named)

    def put(self, text: str) -> None:
        """Put licenses where they are stored, in place of what is there, as an administrator can by hand."""
        self.call("ir.config_parameter", "set_param", "aegis.license_tokens", text or False)

    def ids(self, model: str, /, **values: object) -> list[int]:
        """Search by values."""
        found: list[int] = self.call(model, "search", [[name, "=", value] for name, value in values.items()])
        return found

    def modules(self, *names: str) -> list[int]:
        """Give the records of modules."""
        found: list[int] = self.call("ir.module.module", "search", [["name", "in", names]])
        return found

    def press(self, button: str, *modules: str) -> None:
        """Press a button of modules, such as ``button_immediate_install``.

        Raises:
            RuntimeError: Odoo refused; the message is Odoo's.
        """
        self.call("ir.module.module", button, self.modules(*modules))

    def banner(self) -> dict[str, Any] | None:
        """Give the banner as the next loading of the page would show it."""
        info = self.post("/web/session/get_session_info")
        banner: dict[str, Any] | None = info["aegis_banner"]
        return banner

    def page(self) -> str:
        """Give what the settings page shows, as HTML."""
        return self._setting("aegis_overview")

    def fingerprint(self) -> str:
        """Give the fingerprint of the instance, as the settings page shows it."""
        return self._setting("aegis_fingerprint")

    def activation(self) -> str:
        """Give the activation request, as the settings page shows it."""
        return self._setting("aegis_activation")

    def set(self, key: str, value: str | bool) -> None:
        """Write a system parameter; ``False`` removes it."""
        self.call("ir.config_parameter", "set_param", key, value)

    def get(self, path: str) -> str:
        """Load a page."""
        with self._opener.open(self.url + path, timeout=120) as response:
            text: str = response.read().decode()
        return text

    def load_assets(self) -> None:
        """Load the web client's scripts and styles, which Odoo makes on first use and then keeps."""
        for path in re.findall(r'(?:src|href)="(/web/assets/[^"]+)"', self.get("/web")):
            self.get(path.replace("&amp;", "&"))

    def _setting(self, name: str) -> str:
        rows = self.call("res.config.settings", "create", [{}])
        value: str = self.call("res.config.settings", "read", rows, [name])[0][name]
        return value
