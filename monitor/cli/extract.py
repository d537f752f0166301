"""``coopwatch extract``: what stored pages say, as the service would read them."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import note, print_json, progress, say
from monitor.errors import ConfigError
from monitor.model import Page, PagePhrases
from monitor.rulebook.pages import load_page_phrases
from monitor.run.pages import PageReader
from monitor.run.workers import WorkerPool

_MAX_BYTES = 10 * 2**20
_WORKERS = 2
_AHEAD = 8  # pages in memory at once

Files = Annotated[list[Path], typer.Argument(help="Stored pages, .html or .html.gz.", metavar="FILE...")]
Url = Annotated[str, typer.Option("--url", help="The address the page came from: dates and identity use it.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("extract", help="What stored pages say: title, text, date, language.")(extract)


def extract(files: Files, url: Url = "", as_json: Json = False, config: Config = None) -> None:
    phrases = load_page_phrases(read_settings(config).rules_dir)
    faults = [f"{path}: is not a file" for path in files if not path.is_file()]
    if faults:
        raise ConfigError("\n".join(faults))
    asyncio.run(_extract_all(files, url, phrases, as_json))


async def _extract_all(files: Sequence[Path], url: str, phrases: PagePhrases, as_json: bool) -> None:
    pool = WorkerPool(min(_WORKERS, len(files)), preload=("monitor.extract",))
    try:
        async for path, page in _pages(PageReader(pool, phrases), files, url):
            if as_json:
                print_json(_as_line(path, page), indent=None)
            else:
                _show(path, page)
    finally:
        await pool.close()


async def _pages(reader: PageReader, files: Sequence[Path], url: str) -> AsyncIterator[tuple[Path, Page]]:
    """Each file with what it says, in order, a few read ahead."""
    now = datetime.now(UTC)
    waiting: deque[tuple[Path, asyncio.Task[Page]]] = deque()
    for path in progress(files, len(files), "reading"):
        task = asyncio.create_task(reader.read(_bytes(path), content_type="", url=url, now=now))
        waiting.append((path, task))
        if len(waiting) >= _AHEAD:
            first, result = waiting.popleft()
            yield first, await result
    for path, task in waiting:
        yield path, await task


def _bytes(path: Path) -> bytes:
    """The page's bytes, unpacked where they are gzip, at most ``_MAX_BYTES``. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            if file.read(2) == b"\x1f\x8b":
                file.seek(0)
                with gzip.GzipFile(fileobj=file) as unpacked:
                    return unpacked.read(_MAX_BYTES)
            file.seek(0)
            return file.read(_MAX_BYTES)
    except (OSError, EOFError, zlib.error) as exc:
        raise ConfigError(f"{path}: cannot be read: {exc}") from exc


def _as_line(path: Path, page: Page) -> dict[str, object]:
    """Contract 1's line, with what the page is and why where it is no plain article."""
    published = page.published_at
    return {
        "file": path.name,
        "title": page.title,
        "text": page.text,
        "published": None
        if published is None
        else published.date().isoformat()
        if page.date_only
        else published.isoformat(),
        "lang": page.language or None,
        "method": page.method,
        "kind": page.kind.value,
        "reason": page.reason,
    }


def _show(path: Path, page: Page) -> None:
    say(page.title or "(no title)", bold=True)
    note(f"{path.name}: {page.kind}, {page.method or 'no text'}{': ' + page.reason if page.reason else ''}")
    for label, value in (("published", _as_line(path, page)["published"]), ("language", page.language)):
        if value:
            say(f"{label}: {value}")
    say(page.text + "\n" if page.text else "")
