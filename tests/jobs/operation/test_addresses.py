"""Addresses that the service speaks to when somebody names one, and those that it does not."""

import pytest

from jobs.operation.addresses import AddressRefused, AddressRules, is_public, require_listed, resolve

RULES = AddressRules.read("archive.example.org, *.data.example.org,other.example.org:8443", private=False)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://archive.example.org/a.fits", ("archive.example.org", 443)),
        ("https://ARCHIVE.example.org./a.fits?x=1#y", ("archive.example.org", 443)),
        ("https://deep.below.data.example.org", ("deep.below.data.example.org", 443)),
        ("https://other.example.org:8443/", ("other.example.org", 8443)),
    ],
)
def test_listed_hosts_are_allowed(url: str, place: tuple[str, int]) -> None:
    assert require_listed(url, RULES) == place


@pytest.mark.parametrize(
    "url",
    [
        "http://archive.example.org/a.fits",
        "file:///etc/passwd",
        "ftp://archive.example.org/",
        "https://example.org/",
        "https://data.example.org/",
        "https://evildata.example.org/",
        "https://archive.example.org.evil.org/",
        "https://archive.example.org:8443/",
        "https://other.example.org/",
        "https://user:word@archive.example.org/",
        "https://archive.example.org@evil.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://archive.example.org:99999/",
        "https://",
        "archive.example.org",
        "",
    ],
)
def test_all_others_are_refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        require_listed(url, RULES)
    assert caught.value.expected


def test_nothing_is_listed_by_default() -> None:
    with pytest.raises(AddressRefused):
        require_listed("https://archive.example.org/", AddressRules.read(None, private=False))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "fec0::1",
    ],
)
def test_no_disguise_makes_a_private_address_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


def test_a_listed_name_that_means_this_machine_is_refused() -> None:
    rules = AddressRules.read("localhost:8443", private=False)
    with pytest.raises(AddressRefused, match="private"):
        resolve("https://localhost:8443/", rules)
    target = resolve("https://localhost:8443/a?b#c", AddressRules(rules.hosts, private=True))
    assert target.pinned_url in ("https://127.0.0.1:8443/a?b", "https://[::1]:8443/a?b")
    assert target.host_header == "localhost:8443"
