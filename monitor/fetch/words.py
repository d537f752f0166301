"""A feed's health and its polls in plain words, for `feeds show`, mails about health and the page. Pure."""

from __future__ import annotations

from monitor.fetch.answers import Problem, Trouble
from monitor.fetch.failure import FailureKind
from monitor.fetch.state import PollState
from monitor.model import FeedState
from monitor.text import counted

# What an operator can make of each kind; ``{detail}`` is what was seen.
_MEANING: dict[str, str] = {
    Problem.UNASKED_304: "the server says nothing changed, but nothing was ever received",
    Problem.NO_CONTENT: "the server sends no content",
    Problem.PARTIAL: "the server sends a part only",
    Problem.NO_TARGET: "the server redirects to nowhere",
    Problem.UNAUTHORIZED: "the server asks for a login (401)",
    Problem.FORBIDDEN: "the server refuses this program (403)",
    Problem.CHALLENGE: "a bot challenge stands before the feed",
    Problem.NOT_FOUND: "the feed is not there (404)",
    Problem.GONE: "the server says the feed is gone for good (410)",
    Problem.LEGAL: "withheld for legal reasons (451)",
    Problem.THROTTLED: "the server asks to be polled less (429)",
    Problem.CLIENT_ERROR: "the server refuses the request",
    Problem.SERVER_ERROR: "the server has an error of its own",
    Problem.UNREADABLE: "the document could not be read within its limits",
    FailureKind.URL: "its address is not one",
    FailureKind.SCHEME: "it leads to an address that is not http or https",
    FailureKind.PORT: "it leads to a port that is not asked",
    FailureKind.REFUSED_ADDRESS: "it leads to an address that is not public",
    FailureKind.DNS: "its host name is not known",
    FailureKind.DNS_TEMPORARY: "its host name could not be looked up just now",
    FailureKind.CONNECT: "no connection to the server",
    FailureKind.PROXY: "the proxy does not connect",
    FailureKind.TLS: "no secure connection to the server",
    FailureKind.STALLED: "the server stopped sending",
    FailureKind.DEADLINE: "the server is too slow",
    FailureKind.PROTOCOL: "what the server sends is not HTTP",
    FailureKind.RESET: "the server broke off the connection",
    FailureKind.CUT: "the answer ended before its end",
    FailureKind.TOO_LARGE: "the answer is too large",
    FailureKind.CODING: "the answer is packed in a way that was not asked for, or damaged",
    FailureKind.REDIRECTS: "it redirects in a circle or too often",
    FailureKind.COOKIE_WALL: "a cookie wall stands before the feed",
    "empty": "the answer is empty",
    "html": "a web page stands in place of the feed",
    "login": "a login page stands in place of the feed",
    "consent": "a consent page stands in place of the feed",
    "entities": "the document defines XML entities, which are refused",
    "bomb": "the document is built to keep its reader busy",
    "binary": "the answer is packed or binary without saying so",
    "unknown_format": "the answer is no feed",
    "parse_timeout": "the document took too long to parse",
    "parse_crash": "the document killed its parser",
    "parse_error": "the document could not be parsed",
    "no_match": "the selector finds nothing on the page",
}


def meaning(kind: str) -> str:
    """One clause for a kind of trouble."""
    return _MEANING.get(kind, kind.replace("_", " "))


def kinds() -> tuple[str, ...]:
    """Every kind of trouble that has a clause."""
    return tuple(map(str, _MEANING))


def told(said: str) -> tuple[str, str]:
    """What ``poll_words`` wrote -> (kind, what was seen in brackets); ("", said) where the text is not of its making. A page
    in another language has clauses of its own for the kinds."""
    found = max(
        (kind for kind, clause in _MEANING.items() if said.startswith(clause)),
        key=lambda kind: len(_MEANING[kind]),
        default="",
    )
    if not found:
        return "", said
    return str(found), said.removeprefix(_MEANING[found]).partition(";")[0].strip()


def poll_words(trouble: Trouble) -> str:
    """One poll that brought no feed, in a sentence without a stop."""
    extra = f" ({trouble.detail})" if trouble.detail and trouble.detail != f"answers {trouble.status}" else ""
    wait = f"; asks to wait {trouble.retry_after_s:.0f} s" if trouble.retry_after_s else ""
    return f"{meaning(trouble.kind)}{extra}{wait}"


def feed_words(state: PollState, feed_state: FeedState) -> str:
    """Why a feed is in its state; empty for a feed that is well."""
    if feed_state == FeedState.GONE:
        since = f" since {state.gone_since_at:%Y-%m-%d}" if state.gone_since_at else ""
        return f"gone: {meaning(state.problem or Problem.GONE)}{since}; looked at once a week"
    if not state.failures:
        return f"moves to {state.moved_to}, seen {counted(state.moved_seen, 'time')}" if state.moved_to else ""
    since = f" since {state.failing_since_at:%Y-%m-%d %H:%M} UTC" if state.failing_since_at else ""
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    return f"failing{since}, {times}: {meaning(state.problem)}"
