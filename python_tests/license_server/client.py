"""A caller of the license server's API."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

HOST = "127.0.0.1"
BASE = "/api/v1"
PROBLEM = "application/problem+json"
#: What happens to a caller whose server ends: no answer, or half of one.
BROKEN = (OSError, http.client.HTTPException)
#: The server answers within 30 seconds, whatever happens.
PATIENCE = 40


@dataclass(frozen=True)
class Answer:
    """What was answered.

    Attributes:
        status: the HTTP status.
        headers: by name, whatever its case.
        text: the body.
    """

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def body(self) -> Any:  # noqa: ANN401 - any JSON
        """Read the body as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Client:
    """Calls one server, with an API key or without.

    Attributes:
        port: where the server listens.
        key: the API key.
        header: how the key is sent: ``Authorization`` or ``X-API-Key``.
    """

    port: int
    key: str = ""
    header: str = "Authorization"

    def anonymous(self) -> "Client":
        """Give a caller of the same server who has no key."""
        return replace(self, key="")

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request; raises one of ``BROKEN`` where no whole answer comes."""
        sent = {**self._credentials(), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read something below ``/api/v1``."""
        return self.send("GET", BASE + path, headers=headers)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """Write something below ``/api/v1``."""
        return self.send("POST", BASE + path, body, headers)

    def add_customer(self, customer: str = "C1") -> None:
        """Add a customer, who can be given licenses then."""
        added = self.post("/customers", {"id": customer, "name": f"Customer {customer}"})
        assert added.status == 201, added.text

    def issue(self, days: int = 365, customer: str = "C1", **more: object) -> dict[str, Any]:
        """Issue a license and give what was answered."""
        issued = self.post("/licenses", {**wanted(days, customer), **more})
        assert issued.status == 201, issued.text
        answer: dict[str, Any] = issued.body
        return answer

    def is_ready(self) -> bool:
        """Ask whether the server can work."""
        try:
            return self.send("GET", "/ready").status == 200
        except BROKEN:
            return False

    def licenses(self) -> list[dict[str, Any]]:
        """List all licenses, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get(f"/licenses?limit=200{cursor}")
            assert page.status == 200, page.text
            found += page.body["items"]
            if page.body["next"] is None:
                return found
            cursor = f"&cursor={page.body['next']}"

    def revocations(self) -> dict[str, Any]:
        """Read the claims of the list of what is revoked."""
        payload = self.get("/revocations").text.splitlines()[-1].split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims

    def _credentials(self) -> dict[str, str]:
        scheme = "Bearer " if self.header == "Authorization" else ""
        return {self.header: scheme + self.key} if self.key else {}


def wanted(days: int = 365, customer: str = "C1") -> dict[str, object]:
    """Give the request for a license of so many days."""
    covered = [{"technical_name": "aegis_demo", "allowed_major_versions": ["17", "18", "19"]}]
    return {"customer_id": customer, "license_type": "subscription", "modules": covered, "days": days}


def assert_problem(answer: Answer, status: int, code: str | None = None) -> None:
    """The request is refused in a problem document (RFC 9457) that says what to do."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    document = answer.body
    assert document["status"] == status
    assert document["type"] == f"urn:aegis:problem:{document['code']}"
    assert code in (None, document["code"]), document
    assert all(document[member].strip() for member in ("title", "detail", "remedy")), document


def assert_unavailable(answer: Answer) -> None:
    """The server cannot do it now, and says when to try again."""
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
