"""TLS in front of a box, under an authority of the test's own, as HAProxy does it on a real one."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import trustme

from tests.rig.box_process import free_port

PIECE_BYTES = 65_536


class TlsFront:
    """Ends TLS on a port of its own and hands plain bytes on to another port, or to nobody."""

    def __init__(self, authority: trustme.CA, port_behind: int = 0) -> None:
        self.port = free_port()
        self.port_behind = port_behind
        self.received = b""
        self.connections = 0
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issued = authority.issue_cert("localhost")
        issued.configure_cert(self._context)
        self.certificate = issued.cert_chain_pems[0].bytes()
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def origin(self) -> str:
        """Return the address of the front."""
        return f"https://localhost:{self.port}"

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            near = self._context.wrap_socket(connection, server_side=True)
            with near:
                if not self.port_behind:
                    self.received += near.recv(PIECE_BYTES)
                    return
                with socket.create_connection(("127.0.0.1", self.port_behind)) as far:
                    back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
                    back.start()
                    self._pass_requests_on(near, far)
                    back.join()

    def _pass_requests_on(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := near.recv(PIECE_BYTES):
                self.received += piece
                far.sendall(piece)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_WR)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def keep_authority(authority: trustme.CA, folder: Path) -> Path:
    """Write the authority's certificate where a kiosk can read it."""
    path = folder / "root.pem"
    authority.cert_pem.write_to_path(path)
    return path
