"""Feeds and pages of the local origin: made from a number, so that every run and both programs see the same bytes.

One entry in fifty announces an act between two states (the natural share on such feeds is about one in a hundred); the
others are ordinary news. Feeds are RSS 2.0 of about 27 kB with 30 entries, pages about 60 kB with 7 kB of text, after the
means of the real ones in the research.
"""

from __future__ import annotations

import random
from email.utils import formatdate
from functools import lru_cache

ENTRIES = 30
# 30 entries over ten days, as on a busy section page: at a first poll three of them are younger than a day
ENTRY_SPACING_S = 8 * 3600
_SUBJECTS = (
    "Il consiglio regionale", "La giunta comunale", "Il tribunale amministrativo", "La commissione parlamentare",
    "L'associazione dei produttori", "La squadra di casa", "Il festival del cinema", "La direzione dell'ospedale",
    "Il comitato dei pendolari", "La cooperativa agricola", "L'osservatorio sui prezzi", "La protezione civile",
)  # fmt: skip
_VERBS = (
    "ha discusso", "ha rinviato", "presenta", "ha esaminato", "illustra", "critica", "ha pubblicato", "chiede di rivedere",
    "prepara", "ha commentato", "difende", "vuole cambiare",
)  # fmt: skip
_OBJECTS = (
    "il piano per i trasporti locali", "la relazione sui conti dell'anno", "le regole per i mercati rionali",
    "il programma della stagione", "i dati sulla raccolta differenziata", "il calendario delle manifestazioni",
    "la proposta sugli orari dei negozi", "lo studio sul turismo invernale", "i lavori sulla strada provinciale",
    "il bilancio della stagione agricola", "la riforma dei servizi sociali", "il progetto per il nuovo parco",
)  # fmt: skip
_PLACES = (
    "a Torino",
    "a Bari",
    "in Sardegna",
    "nel centro di Genova",
    "a Trieste",
    "in provincia di Siena",
    "a Palermo",
)
_STATES = (
    "Italia", "Cina", "Russia", "Francia", "India", "Germania", "Brasile", "Spagna", "Giappone", "Egitto", "Grecia", "Polonia",
    "Turchia", "Algeria", "Norvegia", "Canada", "Austria", "Vietnam", "Marocco", "Tunisia", "Messico", "Argentina", "Cile",
    "Portogallo", "Svezia", "Finlandia", "Danimarca", "Ungheria", "Romania", "Bulgaria", "Serbia", "Albania", "Kenya", "Nigeria",
    "Indonesia", "Thailandia", "Pakistan", "Kazakistan", "Australia", "Etiopia",
)  # fmt: skip
# every pair once, in a mixed order: announcements of the origin are different acts
_PAIRS = sorted(
    ((one, other) for one in _STATES for other in _STATES if one < other),
    key=lambda pair: random.Random(str(pair)).random(),
)
_WHAT = (
    "un memorandum sulla ricerca spaziale", "un accordo di cooperazione nell'energia",
    "un protocollo sull'intelligenza artificiale",
    "un'intesa sui trasporti ferroviari", "un programma comune di borse di studio", "un accordo quadro sulla salute",
)  # fmt: skip


def _sentence(rng: random.Random) -> str:
    return (
        f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)} {rng.choice(_PLACES)}, "
        f"e {rng.choice(_SUBJECTS).lower()} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)} ({rng.randrange(10**6)})."
    )


def is_announcement(feed: int, entry: int) -> bool:
    """One entry in fifty."""
    return (feed * 7 + entry * 13) % 50 == 0


def _pair(feed: int, entry: int) -> tuple[str, str]:
    return _PAIRS[(feed + entry // 50) % len(_PAIRS)]


def headline(feed: int, entry: int) -> str:
    rng = random.Random(f"{feed}/{entry}")
    if is_announcement(feed, entry):
        one, other = _pair(feed, entry)
        return f"{one} e {other} firmano {rng.choice(_WHAT)}: accordo numero {feed}-{entry}"
    return f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)} {feed}-{entry}"


def _lead(feed: int, entry: int) -> str:
    rng = random.Random(f"{feed}/{entry}")
    if is_announcement(feed, entry):
        one, other = _pair(feed, entry)
        return f"{one} e {other} hanno firmato oggi {rng.choice(_WHAT)}. "
    return ""


def paragraphs(feed: int, entry: int, count: int = 14) -> list[str]:
    """The text of an article: about 7 kB in 14 paragraphs."""
    rng = random.Random(f"text {feed}/{entry}")
    found = [" ".join(_sentence(rng) for _ in range(3)) for _ in range(count)]
    return [_lead(feed, entry) + found[0], *found[1:]]


@lru_cache(maxsize=200_000)
def item(base: str, feed: int, entry: int, at: int, full: bool) -> str:
    """One entry of a feed; ``full``: with the article's text, so that no reader needs its page."""
    rng = random.Random(f"summary {feed}/{entry}")
    summary = _lead(feed, entry) + " ".join(_sentence(rng) for _ in range(3))
    content = ""
    if full:
        text = "".join(f"<p>{text}</p>" for text in paragraphs(feed, entry, 6))
        content = f"<content:encoded><![CDATA[{text}]]></content:encoded>"
    return (
        f"<item><title>{headline(feed, entry)}</title><link>{base}/a/{feed}/{entry}</link>"
        f'<guid isPermaLink="false">bench:{feed}:{entry}</guid><pubDate>{formatdate(at, usegmt=True)}</pubDate>'
        f"<category>cronaca</category><description>{summary}</description>{content}</item>\n"
    )


def feed(base: str, number: int, items: list[str], built_at: float) -> bytes:
    """The document; ``built_at`` is the channel's lastBuildDate."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>Notiziario {number}</title><link>{base}/</link><description>Notizie locali</description>"
        f"<language>it</language><lastBuildDate>{formatdate(built_at, usegmt=True)}</lastBuildDate>\n{''.join(items)}"
        "</channel></rss>"
    ).encode()


def page(feed: int, entry: int) -> bytes:
    """An article's page, about 60 kB: navigation, scripts, related links, and the text."""
    rng = random.Random(f"page {feed}/{entry}")
    title = headline(feed, entry)
    body = "".join(f'<p class="article-paragraph">{text}</p>' for text in paragraphs(feed, entry))
    links = "".join(
        f'<li class="nav-item"><a class="nav-link" href="/sezione/{n}" title="Vai alla sezione {n}">Sezione {n}</a></li>'
        for n in range(150)
    )
    related = "".join(
        f'<div class="related-item card"><a href="/n/{rng.randrange(10**6)}.html"><img src="/i/{n}.jpg" alt="foto"/>'
        f'<h3 class="card-title">{_sentence(rng)[:70]}</h3></a><span class="date">21/11/2026</span></div>'
        for n in range(60)
    )
    script = f"<script>{'var pagina = window.pagina || {};' * 480}</script>"
    return (
        f'<!doctype html><html lang="it"><head><meta charset="utf-8"><title>{title} | Notiziario {feed}</title>'
        f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="Notiziario {feed}">{script}</head>'
        f"<body><nav><ul>{links}</ul></nav><main><article><h1>{title}</h1>{body}</article></main>"
        f"<aside>{related}</aside><footer>Notiziario {feed}</footer></body></html>"
    ).encode()
