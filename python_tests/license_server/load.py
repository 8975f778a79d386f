"""Callers who issue licenses without a pause, and repeat what failed until it is acknowledged."""

import dataclasses
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from types import TracebackType

from license_server.client import BROKEN, Answer, Client, wanted

#: Callers; two each send the same requests, also at the same time.
CALLERS = 8
#: Seconds between a failure and the next try. The server asks for more, but a test has no time.
PAUSE = 0.1
#: Seconds after which everything has to be acknowledged when the fault is over.
SETTLED = 60


@dataclasses.dataclass(frozen=True)
class Try:
    """One request.

    Attributes:
        began: when, by the monotonic clock.
        key: the Idempotency-Key.
        answer: what was answered; ``None`` where the connection broke.
    """

    began: float
    key: str
    answer: Answer | None

    @property
    def is_acknowledged(self) -> bool:
        """Whether the license was issued, as far as the caller knows."""
        return self.answer is not None and self.answer.status == 201


class Load:
    """The callers, as a context manager: at its end each waits until its last request is acknowledged.

    Attributes:
        tries: all requests, as they ended.
    """

    def __init__(self, *servers: Client) -> None:
        """Take note of the servers: whoever fails at one tries the next."""
        self.tries: list[Try] = []
        self._servers = servers
        self._stopped = threading.Event()
        self._callers = [threading.Thread(target=self._call, args=[number]) for number in range(CALLERS)]

    def __enter__(self) -> "Load":
        for caller in self._callers:
            caller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        until = time.monotonic() + SETTLED
        for caller in self._callers:
            caller.join(max(0.0, until - time.monotonic()))
        self._servers = ()
        if error is None:
            missing = {each.key for each in self.tries} - self.acknowledged.keys()
            assert not missing, f"never acknowledged: {sorted(missing)}"

    @property
    def acknowledged(self) -> dict[str, set[tuple[str, str]]]:
        """The licenses that were acknowledged for each Idempotency-Key: their ids and tokens."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for each in list(self.tries):
            if each.answer and each.is_acknowledged:
                found[each.key].add((each.answer.body["id"], each.answer.body["token"]))
        return found

    @property
    def refusals(self) -> list[Answer]:
        """All answers that acknowledge nothing."""
        return [each.answer for each in list(self.tries) if each.answer and not each.is_acknowledged]

    @property
    def broken(self) -> int:
        """How many requests got no whole answer."""
        return sum(each.answer is None for each in list(self.tries))

    def since(self, moment: float) -> list[Try]:
        """Give the requests that began after a moment, as far as they have ended."""
        return [each for each in list(self.tries) if each.began > moment]

    def issued_since(self, moment: float) -> list[Try]:
        """Give those of them that a new license was the answer to, rather than one issued before."""
        before = {each.key for each in list(self.tries) if each.began <= moment and each.is_acknowledged}
        return [each for each in self.since(moment) if each.is_acknowledged and each.key not in before]

    def _call(self, number: int) -> None:
        count = 0
        while not self._stopped.is_set():
            self._issue(f"pair-{number // 2}-{count}", number)
            count += 1

    def _issue(self, key: str, number: int) -> None:
        """Try until it is acknowledged; each caller begins at another server."""
        tries = number
        while servers := self._servers:
            one = _try(servers, tries, key)
            self.tries.append(one)
            if one.is_acknowledged:
                return
            tries += 1
            time.sleep(PAUSE)


def days_of(key: str) -> int:
    """Give how long the license is to last that is asked for with a key: other keys, other licenses."""
    return 1 + zlib.crc32(key.encode()) % 3000


def _try(servers: Sequence[Client], number: int, key: str) -> Try:
    began = time.monotonic()
    server = servers[number % len(servers)]
    try:
        answer = server.post("/licenses", wanted(days_of(key)), {"Idempotency-Key": key})
    except BROKEN:
        return Try(began, key, None)
    return Try(began, key, answer)
