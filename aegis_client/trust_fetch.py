"""Fetches certificates and revocation lists from an address, where the administrator has set one.

Plain Python, no Odoo. It is the only place of this addon that opens a connection.
"""

import threading
import time
from urllib.parse import urljoin, urlsplit

import requests

from .license_files import MAX_SIZE

TIMEOUT = 10
"""How long, in seconds, the server may take to connect, and between two parts of its answer."""

TOTAL = 60
"""How long, in seconds, it may take in all."""

MAX_REDIRECTS = 5


class FetchError(Exception):
    """Nothing could be fetched; its text says why, without the address: there may be a password in it."""


def fetch(url):
    """Fetch a text over https. Proxies are those of the environment.

    :param str url: the address
    :return: the text, of 4 MiB at most
    :rtype: str
    :raise FetchError: it cannot be had
    """
    answer = []
    # A server that sends a byte now and then keeps no time limit of a socket waiting.
    thread = threading.Thread(target=_fetch_into, args=(answer, url), name="aegis-fetch", daemon=True)
    thread.start()
    thread.join(TOTAL)
    result = answer[0] if answer else FetchError(f"it took longer than {TOTAL} seconds")
    if isinstance(result, FetchError):
        raise result
    return result


def _fetch_into(answer, url):
    try:
        answer.append(_follow(url, time.monotonic() + TOTAL))
    except FetchError as error:
        answer.append(error)
    except (requests.RequestException, OSError, ValueError) as error:
        # Not what it says: that may have the whole address in it.
        answer.append(FetchError(type(error).__name__))


def _follow(url, deadline):
    with requests.Session() as session:
        # What is compressed may be of any size.
        session.headers["Accept-Encoding"] = "identity"
        for _redirect in range(MAX_REDIRECTS + 1):
            if urlsplit(url).scheme != "https":
                raise FetchError("only addresses that begin with https:// are asked")
            with session.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False) as response:
                if not response.is_redirect:
                    return _text(response, deadline)
                url = urljoin(url, response.headers["location"])
    raise FetchError("it leads from one address to another")


def _text(response, deadline):
    if response.status_code != requests.codes.ok:
        raise FetchError(f"the server answered with the status {response.status_code}")
    content = bytearray()
    for part in response.iter_content(64 * 1024):
        content += part
        if len(content) > MAX_SIZE:
            raise FetchError(f"it has more than {MAX_SIZE} bytes")
        if time.monotonic() > deadline:
            raise FetchError(f"it took longer than {TOTAL} seconds")
    return content.decode(errors="replace")
