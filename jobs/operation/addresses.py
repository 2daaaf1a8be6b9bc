"""Addresses that the service itself may speak to: https, at hosts that the operator listed, in no private network.

rules = AddressRules.read("archive.example.org, *.example.net", private=False)
resolve("https://archive.example.org/m51.fits", rules).pinned_url   # "https://93.184.215.14:443/m51.fits"
resolve("https://localhost/", rules)                                # raises AddressRefused
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from fitting.faults import UserFault

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6 ones (RFC 6052, section 2.1)."""


class AddressRefused(UserFault):
    """An address that the service does not speak to; `expected` says what would be right."""

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.message, self.expected = message, expected


@dataclass(frozen=True)
class AddressRules:
    """What is allowed.

    Attributes:
        hosts: names such as ``archive.example.org``, ``*.example.org`` for all below it, ``host:8443`` for another
            port; none means that nothing is.
        private: whether they may lie in private networks.
    """

    hosts: tuple[str, ...]
    private: bool = False

    @classmethod
    def read(cls, hosts: str | None, *, private: bool) -> "AddressRules":
        """The rules of a setting with commas between hosts."""
        named = (host.strip().lower() for host in (hosts or "").split(","))
        return cls(tuple(host for host in named if host), private)


@dataclass(frozen=True)
class ResolvedAddress:
    """Where to connect: the address is pinned, so that the name cannot come to mean another one in between."""

    url: str
    host: str
    port: int
    address: str

    @property
    def pinned_url(self) -> str:
        """The URL with the address in the place of the name."""
        parts = urlsplit(self.url)
        place = f"[{self.address}]" if ":" in self.address else self.address
        return parts._replace(netloc=f"{place}:{self.port}", fragment="").geturl()

    @property
    def host_header(self) -> str:
        """What the other side is asked for by name."""
        return self.host if self.port == 443 else f"{self.host}:{self.port}"


def require_listed(url: str, rules: AddressRules) -> tuple[str, int]:
    """Host and port of a URL that the rules allow by its text alone. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port or 443
    except ValueError as error:
        raise AddressRefused("is no URL", "a URL such as https://host/path") from error
    if parts.scheme != "https" or not host:
        raise AddressRefused("is no https URL", "a URL such as https://host/path")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("names a user", "a URL without user and password")
    if not rules.hosts:
        raise AddressRefused("cannot be reached: this service speaks to no other host", "nothing here")
    if not any(_matches(host, port, listed) for listed in rules.hosts):
        raise AddressRefused(f"is at {host[:80]}:{port}, which is not listed", ", ".join(rules.hosts))
    return host, port


def resolve(url: str, rules: AddressRules) -> ResolvedAddress:
    """The one address to connect to for a URL. Raises AddressRefused; looks the name up, so it is not for the event
    loop.
    """
    host, port = require_listed(url, rules)
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except socket.gaierror as error:
        raise AddressRefused(f"is at {host[:80]}, which has no address", "a host that exists") from error
    if not rules.private and not all(map(is_public, found)):
        raise AddressRefused(f"is at {host[:80]}, which lies in a private network", "a public host")
    return ResolvedAddress(url, host, port, found[0])


def is_public(address: str) -> bool:
    """Whether an address is of the open internet, whatever it is wrapped in."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.sixtofour is not None or parsed.teredo is not None:
            return False
        inner = parsed.ipv4_mapped
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if parsed.is_site_local:  # fec0::/10: deprecated, and still routed within sites
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _matches(host: str, port: int, listed: str) -> bool:
    name, _, number = listed.partition(":")
    if port != int(number or 443):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
