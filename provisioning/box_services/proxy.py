"""The configuration of HAProxy in front of the box: it ends TLS, and queues.

Waitress alone collapses when hundreds of busy connections stay open (docs/performance.md); here
32 requests of each application are worked on at once and the rest wait their turn.
Valid for HAProxy 2.6 (Debian 12) and 3.0 (Debian 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provisioning.box_services.connectivity_probes import HTTP_PROBES, Probe


@dataclass(frozen=True, slots=True)
class ProxyPorts:
    """Where the room comes in, and where the two applications of the box listen on loopback."""

    candidate: int
    staff: int
    http: int = 80
    https: int = 443


def proxy_configuration(ports: ProxyPorts, certificate: Path) -> str:
    """Return the text of haproxy.cfg; `certificate` is a PEM file with chain and private key."""
    return _TEMPLATE.format(
        http=ports.http,
        https=ports.https,
        candidate=ports.candidate,
        staff=ports.staff,
        certificate=certificate,
        probes="\n".join(_answer(probe) for probe in HTTP_PROBES),
    )


def _answer(probe: Probe) -> str:
    answer = f"status {probe.status}"
    if probe.body:
        body = probe.body.replace("\n", "\\n")
        answer += f' content-type {probe.content_type} string "{body}"'
    asked = f"{{ req.hdr(host),host_only -i {probe.host} }} {{ path {probe.path} }}"
    return f"    http-request return {answer} if {asked}"


_TEMPLATE = """\
# Made by `examroom-provision proxy-configuration` at each start; do not edit.
global
    log stderr format raw local0 notice
    maxconn 4000
    # After a reload, connections of the room go on for so long with the old certificate.
    hard-stop-after 5m
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20
    ssl-default-bind-curves X25519:P-256

defaults
    mode http
    log global
    option httplog
    # A line for each save would push what matters out of the log.
    option dontlog-normal
    # A header written with _ would reach the box under the name of the one with -.
    option http-restrict-req-hdr-names delete
    timeout connect 5s
    timeout http-request 20s
    timeout http-keep-alive 60s
    timeout client 60s
    # A box that asks another for entries waits for at most a few seconds; an upload moves.
    timeout server 60s
    # Longer than a room in step takes; then the page is told, and tries again by itself.
    timeout queue 30s
    http-reuse always

frontend plain
    bind :{http}
    # Not logged: computers ask these all day.
    http-request set-log-level silent
{probes}
    # For now, not for good: a browser remembers the other kind, for every name that the room's
    # name server sends here, on a candidate's own computer after the exam, too.
    http-request redirect scheme https code 307

frontend room
    bind :{https} ssl crt {certificate} alpn h2,http/1.1
    # What a client says of itself is not believed.
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto https
    # Every name of the box has its own for staff, so that no cookie is for both.
    use_backend staff if {{ req.hdr(host) -i -m beg staff. }}
    default_backend candidates

backend candidates
    server box 127.0.0.1:{candidate} maxconn 32 pool-max-conn 64

backend staff
    server box 127.0.0.1:{staff} maxconn 32 pool-max-conn 64
"""
