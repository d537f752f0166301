from __future__ import annotations

from monitor.run.shares import Shares

SLOW = [(number, f"https://slow.example/{number}") for number in range(9)]
OTHERS = [(number, f"https://{number}.example/feed") for number in range(20, 23)]


def test_one_host_gets_its_share_and_the_places_behind_it_go_to_others() -> None:
    shares = Shares(2)
    assert shares.choose([*SLOW, *OTHERS], 8) == [0, 1, 20, 21, 22]
    assert shares.choose([*SLOW, *OTHERS], 3) == [0, 1, 20]


def test_what_is_under_way_counts_until_it_is_given_back() -> None:
    shares = Shares(2)
    shares.take(url for _, url in SLOW[:2])
    assert shares.choose([*SLOW[2:], *OTHERS], 8) == [20, 21, 22]
    shares.give("https://www.slow.example/0")
    assert shares.choose([*SLOW[2:], *OTHERS], 8) == [2, 20, 21, 22]


def test_works_without_an_address_wait_for_no_host() -> None:
    shares = Shares(1)
    assert shares.choose([(1, ""), (2, ""), (3, "")], 8) == [1, 2, 3]
