"""A mail server that keeps what it gets."""

import email
import email.policy
import time
from collections.abc import Callable
from email.message import EmailMessage
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller
from odoo_lab import free_port


class Mailbox:
    """An SMTP server on this machine, as a context manager.

    Attributes:
        port: where it listens, on 127.0.0.1.
        messages: what arrived, in order.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.messages: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> "Mailbox":
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - its name
        """Take one message, as aiosmtpd hands it over."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"

    def text(self, at: int = -1) -> str:
        """Give the text of a message."""
        body = self.messages[at].get_body(("plain",))
        assert body is not None
        text: str = body.get_content()
        return text


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for what a cron does, or for what is believed for some seconds only.

    Raises:
        TimeoutError: it did not happen.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what is waited for did not happen")
        time.sleep(0.2)
