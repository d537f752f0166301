"""The address guard's table (SEC-03 of the fault cases stands in tests/faults)."""

from __future__ import annotations

import pytest

from monitor.fetch import address

REFUSED = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1"),
    *("192.0.0.1", "192.0.0.9", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "5f00::1"),
    *("2002:808:808::", "3fff::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("2a00:1450:4001::5efe:7f00:1", "2a00:1450:4001:0:200:5efe:8.8.8.8"),
    *("localhost", "2130706433", "0x7f000001", "127.1", "example.org"),
)
PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "93.184.215.14", "193.205.1.1"),
    *("2a00:1450:4001:801::200e", "2606:4700:4700::1111", "2001:67c:2e8::1"),
)


@pytest.mark.parametrize("text", REFUSED)
def test_an_address_that_is_not_plainly_public_is_refused(text: str) -> None:
    assert not address.is_public(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_allowed(text: str) -> None:
    assert address.is_public(text)


def test_one_bad_answer_among_good_ones_refuses_the_name() -> None:
    assert address.refused(("8.8.8.8", "10.0.0.1")) == "10.0.0.1"
    assert address.refused(("8.8.8.8", "1.1.1.1")) == ""


def test_exceptions_are_written_as_exact_host_and_port() -> None:
    assert address.host_port("LocalHost.", 80) == "localhost:80"
    assert address.host_port("::1", 8080) == "[::1]:8080"
