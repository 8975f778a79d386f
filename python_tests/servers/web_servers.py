"""Servers for what an Odoo may fetch: one that speaks https with a certificate of its own, and a proxy."""

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

HOST = "127.0.0.1"

Page = Callable[[BaseHTTPRequestHandler], None]


class WebServer:
    """A server as a context manager; with a folder for its certificate it speaks https.

    Attributes:
        url: its address, without a slash at the end.
        pages: what it answers, by path; 404 for all others.
        asked: the paths that were asked for, in order.
        certificate: whom to trust, where it speaks https.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True
        if folder:
            self.certificate = _make_certificate(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if folder else 'http'}://{HOST}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        self.asked.append(handler.path)
        page = self.pages.get(handler.path)
        # Who has heard enough hangs up.
        with contextlib.suppress(OSError):
            page(handler) if page else handler.send_error(404)

    def tunnel(self, handler: BaseHTTPRequestHandler) -> None:
        """Connect to another server, as a proxy."""
        self.asked.append(handler.path)
        host, _colon, port = handler.path.partition(":")
        with socket.create_connection((host, int(port))) as other:
            handler.send_response(200)
            handler.end_headers()
            with contextlib.suppress(OSError):
                _pass_on(handler.connection, other)


def text(body: str) -> Page:
    """Answer with a text."""
    return sized(body.encode())


def sized(body: bytes) -> Page:
    """Answer with some bytes."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return page


def redirect(address: str) -> Page:
    """Send elsewhere."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", address)
        handler.end_headers()

    return page


def silence(seconds: float) -> Page:
    """Begin an answer and leave it at that."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"wait")
        handler.wfile.flush()
        threading.Event().wait(seconds)

    return page


def _handler(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def do_CONNECT(self) -> None:
            server.tunnel(self)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    ends = {one: other, other: one}
    while True:
        for end in select.select(list(ends), [], [], 60)[0]:
            data = end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)


def _make_certificate(folder: Path) -> Path:
    """Make a key and a certificate for this machine, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AEGIS Lab")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.touch(mode=0o600)
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return file
