"""The server's own loop, and the short way of a save: the same promises as the long ways."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, Response

from appliance.settings import Settings
from appliance.web.candidate.api import COOKIE
from appliance.web.epoll_server import EpollServer
from appliance.web.serving import Serving, make_server
from tests.integration.conftest import writing_clients
from tests.rig.box_process import BoxProcess

LARGE_BYTES = 20_000_000


def _large() -> Response:
    return Response(b"x" * LARGE_BYTES)


def _slow(name: str) -> str:
    time.sleep(0.1)
    return name


def _small_server() -> Any:
    """Return a small application with the product's settings, listening."""
    app = Flask("small")
    app.add_url_rule("/large", "large", _large)
    app.add_url_rule("/slow/<name>", "slow", _slow)
    return make_server(app, Settings(data_dir=Path(), worker_threads=4), 0)


@pytest.fixture
def server() -> Iterator[Any]:
    """Serve it."""
    made = _small_server()
    serving = Serving(made, "small")
    serving.start()
    yield made
    serving.stop()


def _connect(server: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.effective_port)), timeout=5)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _receive(connection: socket.socket, until: bytes) -> bytes:
    received = b""
    while until not in received:
        data = connection.recv(65536)
        assert data, received[-200:]
        received += data
    return received


def test_the_product_is_served_by_its_own_loop(server: Any) -> None:
    """Otherwise the tests below would test waitress."""
    assert isinstance(server, EpollServer)


def test_what_is_in_work_is_answered_before_the_loop_closes_itself() -> None:
    """A worker writes into the loop's descriptor: closed too early, that is a journal's by then."""
    made = _small_server()
    serving = Serving(made, "small")
    workers, close = made.task_dispatcher.threads, made.trigger._close
    closings = []

    def note_and_close() -> None:
        closings.append((threading.current_thread().name, set(workers)))
        close()

    made.trigger._close = note_and_close
    serving.start()
    with _connect(made) as connection:
        connection.sendall(_get("/slow/first"))
        time.sleep(0.05)
        serving.stop()
        assert b"first" in _receive(connection, b"first")
    assert [("small", set())] == closings
    with pytest.raises(ConnectionRefusedError):
        _connect(made)


def test_requests_sent_before_the_answer_are_answered_in_order(server: Any) -> None:
    """A connection that sends early is parked, not forgotten."""
    with _connect(server) as connection:
        connection.sendall(_get("/slow/first"))
        time.sleep(0.05)
        connection.sendall(_get("/slow/second") + _get("/slow/third"))
        received = _receive(connection, b"third")
    assert received.index(b"first") < received.index(b"second") < received.index(b"third")


def test_a_large_answer_reaches_a_slow_reader_and_the_connection_goes_on(server: Any) -> None:
    """What does not fit into the socket is sent on when there is room."""
    with _connect(server) as connection:
        connection.sendall(_get("/large"))
        time.sleep(0.3)
        head, _, rest = _receive(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
        received = len(rest)
        while received < LARGE_BYTES:
            received += len(connection.recv(65536))
        assert head.startswith(b"HTTP/1.1 200")
        connection.sendall(_get("/slow/next"))
        assert b"next" in _receive(connection, b"next")


def test_a_browser_that_leaves_in_the_middle_harms_nobody(server: Any) -> None:
    """Half a request, a request without its reader, a reset: the next is served."""
    for start in (b"GET /slow/a HT", _get("/slow/a"), _get("/large")):
        connection = _connect(server)
        connection.sendall(start)
        connection.close()
    with _connect(server) as connection:
        connection.sendall(_get("/slow/alive"))
        assert b"alive" in _receive(connection, b"alive")
    deadline = time.monotonic() + 5
    while server.active_channels and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {} == server.active_channels


def test_silent_connections_are_closed_and_new_ones_served(server: Any) -> None:
    """A browser that is gone does not keep its place."""
    server.adj.channel_timeout = 0.2
    server.adj.cleanup_interval = 0.2
    server.next_channel_cleanup = 0
    with _connect(server) as silent:
        silent.settimeout(5)
        assert b"" == silent.recv(1)


def test_connections_over_the_limit_are_served_when_others_leave(server: Any) -> None:
    """The limit counts what is open; who waits in the queue comes next."""
    server.adj.connection_limit = 5
    first = [_connect(server) for _ in range(8)]
    time.sleep(0.2)
    for connection in first:
        connection.close()
    with _connect(server) as connection:
        connection.sendall(_get("/slow/later"))
        assert b"later" in _receive(connection, b"later")


def test_the_short_way_of_a_save_answers_as_the_long_one(running_box: BoxProcess) -> None:
    """Same status, same headers, same standing; a cookie only Flask can read goes the long way."""
    client = writing_clients(running_box)[0]
    client.write("ESSAY", "Some words.")
    client.exchange()
    token = next(one.value for one in client.session.cookies if one.name == COOKIE)
    address = f"{running_box.origin}/api/v1/attempts/{client.attempt_id}/changes"
    answers = [
        requests.post(address, json={"changes": []}, headers={"Cookie": cookies}, timeout=5)
        for cookies in (f"{COOKIE}={token}", f"a=b;{COOKIE}={token}")
    ]
    short, long = (dict(one.headers) | {"Date": "", "Content-Length": ""} for one in answers)
    assert [200, 200] == [one.status_code for one in answers]
    assert long == short
    timeless = [
        {name: value for name, value in one.json().items() if name not in {"now_ms"}}
        for one in answers
    ]
    for one in timeless:
        one.pop("remaining_ms")
    assert timeless[1] == timeless[0]


@pytest.mark.parametrize(
    ("sent", "status", "key"),
    [
        ({"data": b"{"}, 400, "request_malformed"),
        ({"json": {"changes": []}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403, "cross_site"),
        ({"data": b" " * (2 * 1024 * 1024 + 1)}, 413, "request_too_large"),
    ],
)
def test_what_the_short_way_does_not_take_is_refused_with_a_sentence(
    running_box: BoxProcess, sent: dict[str, Any], status: int, key: str
) -> None:
    """Flask's view says what is wrong."""
    client = writing_clients(running_box)[0]
    address = f"{running_box.origin}/api/v1/attempts/{client.attempt_id}/changes"
    answer = client.session.post(address, timeout=5, **sent)
    assert (status, key) == (answer.status_code, answer.json()["error"])
    assert answer.json()["message"]


def test_a_cookie_does_not_save_into_another_attempt(running_box: BoxProcess) -> None:
    """The address and the cookie must name the same attempt, on either way."""
    mine, other = writing_clients(running_box)
    address = f"{running_box.origin}/api/v1/attempts/{other.attempt_id}/changes"
    answer = mine.session.post(address, json={"changes": []}, timeout=5)
    assert (401, "client_unknown") == (answer.status_code, answer.json()["error"])
