"""``python -m monitor`` is the command ``coopwatch``."""

import sys

from monitor.cli import main

if __name__ == "__main__":
    sys.exit(main())
