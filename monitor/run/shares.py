"""How many works of one step each host may have under way, so that a slow host with many feeds delays no other."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.fetch.pacing import host_of


class Shares:
    """Counts works by host. Chosen in the store's thread, given back in the loop's: hence the lock."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def choose(self, due: Sequence[tuple[int | str, str]], limit: int) -> list[int | str]:
        """Of these ids and addresses, in their order, up to ``limit`` whose hosts have room."""
        with self._lock:
            taken = self._counts.copy()
        chosen = []
        for key, url in due:
            host = host_of(url)
            if not url or taken[host] < self.most:
                taken[host] += 1
                chosen.append(key)
                if len(chosen) == limit:
                    break
        return chosen

    def take(self, urls: Iterable[str]) -> None:
        """These works begin."""
        with self._lock:
            self._counts.update(host_of(url) for url in urls)

    def give(self, url: str) -> None:
        """One work has ended."""
        host = host_of(url)
        with self._lock:
            self._counts[host] -= 1
            if self._counts[host] <= 0:
                del self._counts[host]
