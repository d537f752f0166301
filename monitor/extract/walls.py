"""Is this page an article at all? Recognises what stands in an article's place: consent walls, logins, challenges,
missing pages, paywalls, empty shells. Its phrases come as an argument (rules/pages/)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from monitor.extract.body import Body
from monitor.model import PageKind, PagePhrases

# a wall is short; a longer text that speaks of cookies or subscriptions is an article about them
_WALL_CHARS = 1_500
_TINY_CHARS = 500
_TEASER_CHARS = 1_500
# less than this is a caption or a button; Chinese says as much in a third of the characters
_MIN_CHARS = 40
_MIN_WIDE_CHARS = 15
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FLAT = dict.fromkeys(range(0x300, 0x370)) | {0x2019: "'", 0x2018: "'"}
# endings are believed after this share of the text only: a phrase at the top is part of the story
_ENDING_FROM = 0.4
_LAST_LINES = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """What a page is, why, and what of its text may be judged."""

    kind: PageKind
    body: Body
    reason: str = ""


def fold(text: str) -> str:
    """Lower case without accents, typographic apostrophes straight, spaces single."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_FLAT)
    return " ".join(text.casefold().split())


def tidy(body: Body, title: str, phrases: PagePhrases) -> Body:
    """The text without the title again, the site's furniture (share buttons, notices) and what stands after its end."""
    heading = fold(title)
    total, seen = body.size_chars, 0
    kept: list[str] = []
    for text in body.paragraphs:
        start = fold(text[:200])
        if not kept and start == heading[:200]:
            continue
        if seen >= _ENDING_FROM * total and start.startswith(phrases.endings):
            break
        seen += len(text)
        if start.startswith(phrases.furniture) or start in phrases.lines:
            continue
        kept.append(text)
    return replace(body, paragraphs=tuple(kept))


def judge(
    body: Body, *, title: str, phrases: PagePhrases, is_paid: bool, has_password: bool, has_scripts: bool
) -> Finding:
    """What the page is. ``is_paid``: it calls itself not free; the two others: it holds such elements."""
    size = body.size_chars
    if size < _WALL_CHARS and (wall := _wall(body, title, phrases, has_password)):
        return wall
    if (teaser := _teaser(body, phrases)) is not None:
        return teaser
    if not _is_enough(body):
        if has_scripts:
            return Finding(PageKind.SCRIPT_ONLY, Body((), ""), "the page holds scripts and no text")
        return Finding(PageKind.EMPTY, Body((), ""), "the page holds no text")
    if is_paid and size < _TEASER_CHARS:
        return Finding(PageKind.PARTIAL, body, "the page calls itself not free, and its text is short")
    return Finding(PageKind.ARTICLE, body)


def _wall(body: Body, title: str, phrases: PagePhrases, has_password: bool) -> Finding | None:
    heading = fold(title)
    whole = f"{heading} {fold(' '.join(body.paragraphs))}"
    is_tiny = body.size_chars < _TINY_CHARS
    checks = (
        (PageKind.CHALLENGE, phrases.challenge, True),
        (PageKind.SOFT_404, phrases.not_found, is_tiny),
        (PageKind.CONSENT, phrases.consent, True),
        (PageKind.LOGIN, phrases.login, is_tiny),
    )
    for kind, words, anywhere in checks:
        found = next((word for word in words if word in (whole if anywhere else heading)), "")
        if found:
            return Finding(kind, Body((), ""), f"the page says {found!r}")
    if has_password and is_tiny:
        return Finding(PageKind.LOGIN, Body((), ""), "the page asks for a password and says little else")
    return None


def _teaser(body: Body, phrases: PagePhrases) -> Finding | None:
    """The text up to the line that asks for a subscription, if that line ends the text."""
    lines = body.paragraphs
    first = max(0, len(lines) - _LAST_LINES)
    ends = [fold(line[:300]) for line in lines[first:]]
    together = "\n".join(ends)
    asked = [word for word in phrases.paywall if word in together]  # on most pages none: the lines are searched once
    for index, line in enumerate(ends, first) if asked else ():
        found = next((word for word in asked if word in line), "")
        if found:
            kept = replace(body, paragraphs=lines[:index])
            if not kept.paragraphs:
                return Finding(PageKind.PARTIAL, kept, f"nothing stands before {found!r}")
            return Finding(PageKind.PARTIAL, kept, f"the text ends with {found!r}")
    return None


def _is_enough(body: Body) -> bool:
    text = " ".join(body.paragraphs)
    return len(text) >= _MIN_CHARS or len(_WIDE.findall(text)) >= _MIN_WIDE_CHARS
