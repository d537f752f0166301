"""The service as it runs for days: memory with 2,000 feeds and the page on, growth over articles, and how soon an
announcement reaches a webhook."""

from __future__ import annotations

import json
import secrets
import statistics
import time
from base64 import b64encode

from bench import measure
from bench.corpus import ENTRIES, is_announcement
from bench.product import Product
from bench.results import Bench, Row

_CONSOLE = "[console]\nenabled = true\nport = 0\n"


def _until(bench: Bench, feeds: int, limit_s: float) -> None:
    """Waits until every feed was asked."""
    give_up_at = time.monotonic() + limit_s
    while bench.origin.log()["feeds_seen"] < feeds:
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"not all feeds were asked within {limit_s:.0f} s")
        time.sleep(0.5)


def _settled(pid: int, quiet_s: float = 3.0, limit_s: float = 240.0) -> None:
    """Waits until the service has little to do."""
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        before = measure.cpu_s(pid)
        time.sleep(quiet_s)
        if measure.cpu_s(pid) - before < 0.25 * quiet_s:
            return


def _own_and_workers(pid: int) -> tuple[int, int]:
    own = measure.memory_bytes_of(pid)
    return own, measure.memory_bytes(pid) - own


def memory(bench: Bench) -> list[Row]:
    """Peak of 2,000 feeds, two entries each, then the growth while 5,000 articles with their text go through."""
    feeds = bench.size(2000)
    bench.origin.order(reset=1, mode="304", extra=0, listed=2, full=True, robots="deny")
    keys = {"min_interval": '"12s"', "max_interval": '"12s"'}
    product = Product(bench.folder / "memory", bench.origin.port, feeds, keys=keys, extra=_CONSOLE, cache=bench.cache)
    with product.service() as pid:
        watch = measure.MemoryWatch(pid)
        watch.start()
        _until(bench, feeds, 120)
        _settled(pid)
        looks = [_own_and_workers(pid)]
        articles = 0
        while articles < bench.size(5000):
            bench.origin.order(reset=1, extra=articles // feeds + 1)
            _until(bench, feeds, 120)
            _settled(pid)
            articles += feeds
            looks.append(_own_and_workers(pid))
        own, workers = zip(*looks, strict=True)
        # a worker is replaced after so many documents: at a look between two of them there is none to compare
        alive = [size for size in workers if size] or [0]
        grown = (own[-1] - own[0] + alive[-1] - alive[0]) / 2**20
        peak = watch.end() / 2**20
        parts = ", ".join(f"{measure.memory_bytes_of(one) / 2**20:.0f}" for one in measure.tree(pid))
    detail = f"proportional set size, summed over the processes (at the end {parts} MiB)"
    return [
        Row(f"peak memory, {feeds:,} feeds, console on, workers included", peak, "MiB", 300, 200, False, detail),
        Row(
            f"growth over {articles:,} articles",
            grown,
            "MiB",
            5,
            5,
            False,
            f"the service {(own[-1] - own[0]) / 2**20:.1f}, its workers {(alive[-1] - alive[0]) / 2**20:.1f} MiB, "
            "from after the first round (workers: the first look that finds one) to after the last",
        ),
    ]


def latency(bench: Bench) -> list[Row]:
    """Publication on the origin to the signed webhook. A feed is due when it is asked, so an entry counts as published
    at the moment the origin first lists it."""
    feeds = bench.size(80)
    bench.origin.order(reset=1, mode="304", extra=0, listed=2, full=False, robots="allow")
    folder = bench.folder / "latency"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hook.secret").write_text("whsec_" + b64encode(secrets.token_bytes(24)).decode(), encoding="utf-8")
    route = (
        f'[[routes]]\nname = "hook"\nchannel = "webhook"\nurl = "http://127.0.0.1:{bench.origin.port}/hook"\n'
        'secret_file = "hook.secret"\nthreshold = 0.3\n'
    )
    keys = {"min_interval": '"2s"', "max_interval": '"2s"', "host_delay": '"0s"'}
    product = Product(folder, bench.origin.port, feeds, keys=keys, extra=_CONSOLE + route, cache=bench.cache)
    with product.service() as pid:
        _until(bench, feeds, 60)
        _settled(pid)
        wanted = {number: _announcement_of(number) for number in range(feeds)}
        for batch in range(0, feeds, 4):  # a few at a time: what is measured is one announcement's way, not a flood
            bench.origin.order(arm={str(number): wanted[number] for number in range(min(batch + 4, feeds))})
            time.sleep(2.5)
        time.sleep(4)
    log = bench.origin.log()
    waits = _waits(log)
    if len(waits) < feeds // 3:
        raise RuntimeError(f"only {len(waits)} of {feeds} announcements reached the webhook; see {folder}/service.log")
    p95 = statistics.quantiles(waits, n=20)[-1]
    middle = statistics.median(waits)
    detail = f"{len(waits)} webhooks for {feeds} announcements, median {middle:.2f} s, longest {max(waits):.2f} s"
    return [Row("publication to webhook, feed due, p95", p95, "s", 2, 1, False, detail)]


def _announcement_of(feed: int) -> int:
    """The number of an entry, beyond those listed so far, that announces an act."""
    return next(entry for entry in range(ENTRIES, ENTRIES + 50) if is_announcement(feed, entry))


def _waits(log: dict[str, object]) -> list[float]:
    """Seconds from the first listing of an entry to the first webhook that names its page."""
    served = {f"/a/{key}": float(at) for key, at in dict(log["served_at"]).items()}  # type: ignore[call-overload]
    found: dict[str, float] = {}
    for at, body in log["hooks"]:  # type: ignore[attr-defined]
        text = json.dumps(json.loads(body))
        for key, listed_at in served.items():
            if f'{key}"' in text and key not in found:
                found[key] = float(at) - listed_at
    return list(found.values())
