"""Prints the part of requirements.lock that the program itself needs, without the tools of developers: what pyproject.toml
names and everything that this needs in turn, as the installed packages say. Used by ``make dist``.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

TOP = Path(__file__).resolve().parent.parent


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def needed() -> set[str]:
    """The names of every package that the program needs on this machine."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    open_ends = [Requirement(text) for text in project["dependencies"]]
    seen: set[tuple[str, str]] = set()
    while open_ends:
        wanted = open_ends.pop()
        for extra in ("", *sorted(wanted.extras)):
            key = (name_of(wanted.name), extra)
            if key in seen:
                continue
            seen.add(key)
            try:
                texts = requires(wanted.name) or ()
            except PackageNotFoundError:
                sys.exit(f"{wanted.name} is not installed; make install first")
            for text in texts:
                requirement = Requirement(text)
                if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                    open_ends.append(requirement)
    return {name for name, _ in seen}


def main() -> None:
    names = needed()
    blocks = re.split(r"\n(?=\S)", (TOP / "requirements.lock").read_text(encoding="utf-8"))
    kept = [block.strip() for block in blocks if name_of(re.split(r"[=\s;]", block.strip(), maxsplit=1)[0]) in names]
    sys.stdout.write("\n".join(kept) + "\n")


if __name__ == "__main__":
    main()
