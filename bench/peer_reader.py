"""The peer: lemon24/reader, run by the interpreter of its own virtual environment.

    python bench/peer_reader.py DATABASE add < addresses
    python bench/peer_reader.py DATABASE update

``update`` asks every feed once and prints the CPU seconds of the update alone, start-up and imports not counted.
"""

from __future__ import annotations

import json
import sys
import time

from reader import make_reader  # type: ignore[import-not-found]


def main() -> None:
    database, order = sys.argv[1:3]
    with make_reader(database) as reader:
        if order == "add":
            for line in sys.stdin:
                reader.add_feed(line.strip(), exist_ok=True)
            return
        began = time.process_time()
        reader.update_feeds(workers=1, scheduled=False)
        counts = reader.get_entry_counts()
        print(json.dumps({"cpu_s": time.process_time() - began, "entries": counts.total}))


if __name__ == "__main__":
    main()
