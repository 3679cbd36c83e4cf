"""Where a webhook may go."""

import asyncio
import ipaddress
from collections.abc import Sequence

import hypothesis
import pytest
from hypothesis import strategies as st

from simulacra.service.webhooks import targets
from simulacra.service.webhooks.targets import AddressError, Targets

PUBLIC = Targets()
LOOPBACK = Targets([ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")])


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/simulacra?tenant=acme",
        "https://hooks.example.com",
        "https://hooks.example.com:8443/x",
        "https://bücher.example/x",
        "https://93.184.215.14/x",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x",
    ],
)
def test_an_https_address_is_good(url: str) -> None:
    assert PUBLIC.parse(url).scheme == "https"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "https"),
        ("hooks.example.com/x", "https"),
        ("ftp://hooks.example.com", "https"),
        ("file:///etc/passwd", "https"),
        ("https://", "https"),
        ("https:///x", "https"),
        ("http://hooks.example.com/x", "not https"),
        ("http://127.0.0.1:8080/x", "not https"),
        ("http://localhost:8080/x", "not https"),
        ("https://user@hooks.example.com/x", "user name"),
        ("https://user:pass@hooks.example.com/x", "user name"),
        ("https://hooks.example.com@127.0.0.1/x", "user name"),
        ("https://hooks.example.com/x#part", "fragment"),
        ("https://hooks.example.com:22/x", "port"),
        ("https://hooks.example.com:25/x", "port"),
        ("https://hooks.example.com:445/x", "port"),
        ("https://hooks.example.com:0/x", "port"),
        ("https://hooks.example.com:99999/x", "port"),
        ("https://hooks.example.com\r\nX: y/", "address"),
        ("https://hooks.example.com/\x00", "address"),
        ("https://ex ample.com/", "name of a host"),
        ("https://a..b/", "name of a host"),
        ("https://%31%32%37.0.0.1/", "name of a host"),
        ("https://[::1", "address"),
        ("https://1.1.1.1%2f@127.0.0.1/", "user name"),
        ("https://a\\b.example/", "name of a host"),
        ("https://" + "a" * 3000 + ".example", "longer"),
    ],
)
def test_an_address_that_is_not_good_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        PUBLIC.parse(url)


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://localhost:8080/x", True),
        ("http://[::1]:8080/x", True),
        ("http://10.0.0.1:8080/x", False),
        ("http://hooks.example.com:8080/x", False),
        ("http://localhost.example.com/x", False),
    ],
)
def test_without_tls_this_machine_alone_is_good_if_the_operator_allows_it(
    url: str,
    is_good: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    try:
        LOOPBACK.parse(url)
    except ValueError:
        assert not is_good
    else:
        assert is_good


REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1",  # noqa: S104
    "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not PUBLIC.is_good(targets.parse_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "::ffff:1.1.1.1",
     "2606:4700:4700::1111", "2a00:1450:4001::1"],
)  # fmt: skip
def test_a_public_address_is_good(address: str) -> None:
    assert PUBLIC.is_good(targets.parse_address(address))


@hypothesis.given(
    st.ip_addresses().filter(lambda it: targets.parse_address(str(it)) == it)  # not both forms
)
@hypothesis.settings(max_examples=2000)
def test_what_python_knows_as_special_is_refused(address: targets.Address) -> None:
    is_special = not address.is_global or address.is_multicast or address.is_reserved
    if is_special:
        assert not targets.is_public(targets.parse_address(str(address)))


@hypothesis.given(st.ip_addresses(v=4))
def test_an_address_of_ipv4_is_as_good_in_its_form_of_ipv6(address: targets.Address) -> None:
    mapped = targets.parse_address(f"::ffff:{address}")
    assert PUBLIC.is_good(mapped) == PUBLIC.is_good(address)


def resolving(*addresses: str) -> targets.Resolve:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        if not addresses:
            raise OSError("no such name")
        return addresses

    return resolve


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), ("1.1.1.1", "10.0.0.1"), ("::1", "1.1.1.1"), ()]
)
def test_a_host_is_refused_for_one_address_in_the_words_for_an_unknown_one(
    addresses: tuple[str, ...],
) -> None:
    allowed = Targets(resolve=resolving(*addresses))
    with pytest.raises(AddressError) as refused:
        asyncio.run(allowed.check(allowed.parse("https://intranet.example/x")))
    expected = "The host intranet.example has no address that webhooks may go to."
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "017700000001", "127.1", "0", "localhost", "LOCALHOST."]
)
def test_other_ways_to_write_this_machine_are_refused(host: str) -> None:
    """The resolver of the machine knows them; the address that it gives is what is checked."""
    with pytest.raises(AddressError):
        asyncio.run(PUBLIC.check(PUBLIC.parse(f"https://{host}/x")))


def test_networks_of_the_operators_are_good() -> None:
    allowed = Targets([ipaddress.ip_network("10.20.0.0/16")], resolve=resolving("10.20.3.4"))
    asyncio.run(allowed.check(allowed.parse("https://hooks.corp.example/x")))
    assert not allowed.is_good(ipaddress.ip_address("10.21.0.1"))


def test_behind_a_proxy_names_are_its_own_matter_and_addresses_are_not() -> None:
    allowed = Targets(is_proxied=True, resolve=resolving())
    asyncio.run(allowed.check(allowed.parse("https://hooks.example.com/x")))
    allowed = Targets(is_proxied=True)
    with pytest.raises(AddressError):
        asyncio.run(allowed.check(allowed.parse("https://169.254.169.254/x")))
