"""The files that make the room's network of `RoomConfig`: pure functions, text out.

In a network of its own the box gives addresses, its own name and the time, and forwards nothing: no
client reaches another network through it.  In a school's network it only has its address and name.
"""

from __future__ import annotations

from provisioning.box_services.connectivity_probes import DNS_PROBES, PROBE_HOSTS
from provisioning.room_setup.room_config import RoomConfig

LEASE_HOURS = 12
"""Longer than any exam day, so that no client asks for its address while it writes."""


def room_interface(config: RoomConfig, wired: list[str]) -> str | None:
    """Return the port to the room among the wired ones, None when there is none."""
    if config.network.interface:
        return config.network.interface
    return min(wired, default=None)


def networkd_files(config: RoomConfig, interface: str) -> dict[str, str]:
    """Return systemd-networkd's files by name: the room's port, and every other as an uplink."""
    if config.network.kind == "own":
        room = f"Address={config.network.address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    else:
        room = "DHCP=ipv4\n"
    return {
        "10-room.network": f"[Match]\nName={interface}\n\n[Network]\n{room}"
        # The box serves before the first client is plugged in.
        "ConfigureWithoutCarrier=yes\nIgnoreCarrierLoss=yes\n\n[Link]\nRequiredForOnline=no\n",
        "20-uplink.network": "[Match]\nType=ether\nKind=!*\n\n[Network]\nDHCP=ipv4\n"
        "IPv6AcceptRA=no\nLinkLocalAddressing=no\n\n[DHCPv4]\nClientIdentifier=mac\n\n"
        "[Link]\nRequiredForOnline=no\n",
    }


def dnsmasq_configuration(config: RoomConfig, interface: str) -> str:
    """Return dnsmasq's file: addresses, names and the time server for clients of the room."""
    network = config.network
    own = network.address.ip
    boxes = [(config.name, own), *((one.name, one.address) for one in config.other_boxes)]
    servers = ",".join(str(address) for _, address in boxes)
    lines = [
        f"interface={interface}",
        "bind-interfaces",
        "except-interface=lo",
        # Nothing is asked elsewhere: what is not of the room does not exist.
        "no-resolv",
        "no-hosts",
        "bogus-priv",
        "domain-needed",
        f"dhcp-range={network.first_client},{network.last_client},"
        f"{network.address.netmask},{LEASE_HOURS}h",
        # No gateway: clients have no way out.
        "dhcp-option=option:router",
        f"dhcp-option=option:dns-server,{servers}",
        f"dhcp-option=option:ntp-server,{own}",
        "dhcp-lease-max=2000",
        "dhcp-leasefile=/run/examroom-names/leases",
        *(f"host-record={name},staff.{name},{address}" for name, address in boxes),
        # So that systems which look for the Internet stay on this network.
        *(f"host-record={host},{own}" for host in PROBE_HOSTS),
        *(f"host-record={host},{address}" for host, address in DNS_PROBES.items()),
        "local=/#/",
        "log-facility=-",
        "quiet-dhcp",
    ]
    return "\n".join(lines) + "\n"


def hosts_file(config: RoomConfig) -> str:
    """Return /etc/hosts: in a network of its own a box must know the others without asking.

    A standby finds the box that it follows by this, when that one gives no names any more, too.
    """
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    if config.network.kind == "own":
        boxes = [(config.name, config.network.address.ip)]
        boxes += [(one.name, one.address) for one in config.other_boxes]
        lines += [f"{address} {name} staff.{name}" for name, address in boxes]
    return "\n".join(lines) + "\n"


def chrony_configuration(config: RoomConfig) -> str:
    """Return chrony's file: time from elsewhere when there is a network, from this box always."""
    lines = [f"server {name} iburst" for name in config.time_servers]
    lines += [
        "driftfile /var/lib/chrony/chrony.drift",
        "rtcsync",
        # Set a wrong clock right at the start; later it is slewed, never stepped.
        "makestep 1 3",
        # Without any source the room still has one common time.
        "local stratum 10",
        "cmdport 0",
    ]
    if config.network.kind == "own":
        lines.append(f"allow {config.network.address.network}")
    else:
        lines.append("port 0")
    return "\n".join(lines) + "\n"


def nftables_configuration(config: RoomConfig, interface: str) -> str:
    """Return the firewall: 80 and 443, what the room needs in the room, and nothing through."""
    room = [f'iifname "{interface}" udp dport 5353 accept']
    if config.network.kind == "own":
        room += [
            f'iifname "{interface}" udp dport {{ 53, 67, 123 }} accept',
            f'iifname "{interface}" tcp dport 53 accept',
        ]
    rules = "\n    ".join(room)
    return f"""flush ruleset
table inet room {{
  chain input {{
    type filter hook input priority filter; policy drop;
    iif "lo" accept
    ct state established,related accept
    ct state invalid drop
    icmp type echo-request limit rate 20/second accept
    udp sport 67 udp dport 68 accept
    tcp dport {{ 80, 443 }} accept
    {rules}
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
  }}
}}
"""
