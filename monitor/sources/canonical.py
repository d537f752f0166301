"""The canonical form of an article's address, by which it is known again. For comparing only, never for fetching."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

# Parameters that say where a reader came from, not what is read. Names of products, closed list.
_TRACKING = re.compile(
    r"(?:utm_\w+|mtm_\w+|pk_\w+|piwik_\w+|matomo_\w+|hsa_\w+|vero_\w+|oly_\w+|_hs\w+|at_(?:medium|campaign|custom\d?)|"
    r"fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|li_fat_id|igshid|igsh|mc_cid|mc_eid|"
    r"mkt_tok|s_cid|ns_\w+|cmpid|cmp|ocid|ref_src|ref_url|rss|xtor|wt_mc|wt\.mc_id|_ga|_gl|spm|scm|ftag|smid|"
    r"feature=emb_\w+|__twitter_impression|guccounter|guce_referrer\w*)\Z",
    re.I,
)
_MARKED = re.compile(r"(?:rss|feed|atom|newsletter|twitter|facebook|share|google)\Z", re.I)
_MARKERS = frozenset({"ref", "source", "src", "from", "via", "partner", "origin", "campaign"})
# an address whose canonical form is its own text: in small letters, nothing escaped, no parameters, no index page
_PLAIN = re.compile(
    r"https?://(?:www\.)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::(?!80/|443/)(?:[1-9]\d{1,3}|[1-5]\d{4}))?/[\w.~:@!$&'()*+,=/-]*)\Z",
    re.ASCII,
)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)\Z", re.I)


@lru_cache(maxsize=8192)
def canonical(url: str) -> str:
    """``url`` without scheme, ``www.``, default port, fragment, tracking parameters and trailing slash; parameters
    sorted, escapes in one spelling. Empty for what is no address."""
    plain = _PLAIN.match(url)
    return plain[1].rstrip("/") if plain is not None and not _INDEX.search(plain[1]) else _canonical(url)


def _canonical(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    place = host.removeprefix("www.") + ("" if port in (None, 80, 443) else f":{port}")
    path = _INDEX.sub("/", quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._")).rstrip("/")
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(*pair))
    # an address behind "#!" or "#/" is a page of its own
    fragment = f"#{parts.fragment}" if parts.fragment[:1] in ("!", "/") else ""
    return f"{place}{path}{'?' + urlencode(query) if query else ''}{fragment}"


def _is_tracking(name: str, value: str) -> bool:
    return bool(_TRACKING.match(name)) or (name.lower() in _MARKERS and bool(_MARKED.match(value)))


def is_specific(url: str) -> bool:
    """Whether an address names one page and not a whole site: a home page tells no two entries apart."""
    place = canonical(url)
    return "/" in place or "?" in place or "#" in place
