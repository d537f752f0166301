"""The nouns of coopwatch as frozen values, and its closed sets. Imports nothing of ours and does nothing.

Times are aware UTC ``datetime`` and end in ``_at``; durations are seconds and end in ``_s``; ids end in ``_id``.
``None`` means absent, never failed. Words and coding scheme: docs/architecture.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# ---------------------------------------------------------------------------------------------- closed sets


class Verdict(StrEnum):
    """What an article is: news of an act, talk about cooperation, or neither."""

    ANNOUNCEMENT = "announcement"
    CONTEXT = "context"
    NONE = "none"


class ActType(StrEnum):
    AGREEMENT = "agreement"
    JOINT_BODY = "joint_body"
    PROGRAMME = "programme"
    CALL = "call"
    DECLARATION = "declaration"
    EXCHANGE = "exchange"
    DEAL = "deal"
    ASSISTANCE = "assistance"


class Stage(StrEnum):
    PROPOSED = "proposed"
    ANNOUNCED = "announced"
    SIGNED = "signed"
    LAUNCHED = "launched"
    RENEWED = "renewed"
    COMPLETED = "completed"
    SUSPENDED = "suspended"


class Step(StrEnum):
    """Finer than a stage; a changed step alone goes to the digest."""

    AGREED = "agreed"
    INITIALLED = "initialled"
    APPROVED = "approved"
    SIGNED = "signed"
    RATIFIED = "ratified"
    IN_FORCE = "in_force"
    OPENED = "opened"
    EXTENDED = "extended"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Sector(StrEnum):
    AI_DIGITAL = "ai_digital"
    SCIENCE_EDUCATION = "science_education"
    SPACE = "space"
    ENERGY = "energy"
    ENVIRONMENT = "environment"
    HEALTH = "health"
    CULTURE_PEOPLE = "culture_people"
    INDUSTRY_TRADE = "industry_trade"
    FINANCE = "finance"
    TRANSPORT = "transport"
    AGRICULTURE = "agriculture"
    DEFENCE_SECURITY = "defence_security"
    JUSTICE_MIGRATION = "justice_migration"
    DIPLOMACY = "diplomacy"
    OTHER = "other"


class Reason(StrEnum):
    """Why a report of an act is a mention and not an announcement."""

    OLD = "old"
    ANNIVERSARY = "anniversary"
    TALKS_ONLY = "talks_only"
    PROPOSAL = "proposal"
    CONDITIONAL = "conditional"
    OPINION = "opinion"
    IN_PASSING = "in_passing"
    DENIED = "denied"
    SUSPENDED = "suspended"
    DOMESTIC = "domestic"
    PURCHASE = "purchase"
    ONE_PARTY = "one_party"
    BELLIGERENTS = "belligerents"
    UNKNOWN_PARTIES = "unknown_parties"


class Novelty(StrEnum):
    """What an announcement is to the stories already known."""

    NEW = "new"
    NEW_STAGE = "new_stage"
    KNOWN = "known"
    UNSURE = "unsure"


class Change(StrEnum):
    """What moved on a story that was told before (contract 4, ``story.updated``)."""

    STAGE = "stage"
    CORRECTION = "correction"
    RETRACTED = "retracted"
    DISPUTED = "disputed"
    MERGED = "merged"


class ReadMethod(StrEnum):
    """How the text of an article was come by."""

    PAGE = "page"
    FEED = "feed"  # the feed carries the full text
    SUMMARY = "summary"  # the page could not be read; the feed's summary stands in
    TITLE = "title"  # nothing but the headline


class PageKind(StrEnum):
    """What a fetched page turned out to be. Only ARTICLE and PARTIAL carry text; after all others the feed's summary
    is judged."""

    ARTICLE = "article"
    PARTIAL = "partial"  # a teaser before a paywall: judged on what there is
    CONSENT = "consent"
    LOGIN = "login"
    CHALLENGE = "challenge"  # "checking your browser"
    SOFT_404 = "soft_404"
    SCRIPT_ONLY = "script_only"
    EMPTY = "empty"
    PDF = "pdf"
    IMAGE = "image"
    NOT_HTML = "not_html"
    EXTRACT_TIMEOUT = "extract_timeout"  # reading it was stopped at the deadline
    EXTRACT_CRASH = "extract_crash"  # the reading process died of it twice


class FeedState(StrEnum):
    OK = "ok"
    FAILING = "failing"
    GONE = "gone"
    PAUSED = "paused"
    REMOVED = "removed"


class EntryState(StrEnum):
    """How far an entry has come. judged and parked are its ends."""

    LISTED = "listed"  # its page is to be read
    READ = "read"  # it is an article, to be judged
    JUDGED = "judged"
    PARKED = "parked"  # a fault of ours: kept for a person, with the reason


class Disposition(StrEnum):
    """How an article ended: exactly one, with a reason."""

    ANNOUNCEMENT = "announcement"
    CONTEXT = "context"
    NONE = "none"
    PARKED = "parked"


class PollOutcome(StrEnum):
    """How one poll of a feed ended."""

    NEW = "new"  # new or edited entries were stored
    NOTHING_NEW = "nothing_new"  # read, all known
    NOT_MODIFIED = "not_modified"  # 304, or the same bytes
    FAILED = "failed"
    NOT_A_FEED = "not_a_feed"
    GONE = "gone"


class RouteMode(StrEnum):
    IMMEDIATE = "immediate"
    DIGEST = "digest"
    REPORT = "report"
    HEALTH = "health"


class EventType(StrEnum):
    """Contract 4: the type of a webhook event; mails carry the same."""

    STORY_NEW = "story.new"
    STORY_UPDATED = "story.updated"
    STORY_REMINDER = "story.reminder"
    DIGEST = "digest"
    HEALTH = "health"
    TEST = "test"


class DeliveryState(StrEnum):
    """Where a delivery is. queued, sending, retry are in the outbox; the others are its dispositions."""

    QUEUED = "queued"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    DEAD = "dead"
    DIGESTED = "digested"  # collapsed into another message (catch-up, cap, digest)
    SILENCED = "silenced"
    PAUSED = "paused"


class Decision(StrEnum):
    """What a route owes for one change of a story. All but ``not`` are remembered as Told."""

    IMMEDIATE = "immediate"  # a message of its own, now
    HELD = "held"  # over the hourly cap: collapses into one message
    DIGEST = "digest"
    NEAR = "near"  # below the threshold by at most half: listed in the digest
    SILENCED = "silenced"
    PAUSED = "paused"
    NOT = "not"


class Why(StrEnum):
    """The reason of a Decision; ``route explain`` and the audit show it."""

    # told
    NEW = "new"
    NEW_STAGE = "new_stage"
    UNSURE = "unsure"
    LATE = "late"
    WITHDRAWAL = "withdrawal"  # retracted, denied, suspended or ended, to those who were told
    CHANGED = "changed"  # correction, dispute or merge, to those who were told
    CAP = "cap"
    REDIRECTED = "redirected"  # from a paused route
    # told in the digest only
    SOURCE = "source"  # one more report
    STEP = "step"
    SOON = "soon"  # "will be signed" was told less than 72 hours ago
    TRIAL = "trial"  # a rule on trial
    NEAR_MISS = "near_miss"
    # not told
    SILENCE = "silence"
    PAUSE = "pause"
    PAIRS = "pairs"
    PRINCIPALS = "principals"
    TYPES = "types"
    STAGES = "stages"
    SECTORS = "sectors"
    TOPICS = "topics"
    STORIES = "stories"
    FEEDS = "feeds"
    RULES = "rules"
    LANGUAGES = "languages"
    THRESHOLD = "threshold"
    STAGE_NOT_TOLD = "stage_not_told"  # proposed and completed are no news of their own
    ALREADY_TOLD = "already_told"
    NEVER_TOLD = "never_told"  # a withdrawal of what this route never heard of
    NOTHING_NEW = "nothing_new"
    TOO_OLD = "too_old"
    MENTION = "mention"
    STORY_CLOSED = "story_closed"  # judged wrong, or merged
    MODE = "mode"  # a health or report route


class SendFault(StrEnum):
    """Why a delivery did not arrive, as far as operators must act on it differently."""

    CONNECT = "connect"  # no connection, or it broke
    DEADLINE = "deadline"
    TLS = "tls"  # no TLS where it is required, or a certificate that does not hold
    AUTH = "auth"  # the login is refused: every delivery there waits until a person acts
    BUSY = "busy"  # the other side asks to come again
    REFUSED = "refused"  # this message or this recipient, for good
    GONE = "gone"  # the endpoint says that it is no more
    FORBIDDEN = "forbidden"  # our own guard refuses the address
    LOCAL = "local"  # a file could not be written, a library failed


# ---------------------------------------------------------------------------------------------- feeds and entries


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed as a person lists it (rules/feeds.yaml, OPML, state/feeds.yaml)."""

    url: str
    title: str = ""
    language: str = ""
    country: str = ""
    kind: str = ""  # what the publisher is: newspaper, news agency, ministry, ...
    format: str = "auto"
    publisher_party: str = ""  # entity id when the publisher is itself a party (a government, its agency)
    selector: str = ""  # CSS selector of the links, for format html_list
    timezone: str = ""
    enabled: bool = True
    layer: str = ""  # the file that listed it


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a feed lists. All text is plain (no HTML, no control characters)."""

    guid: str
    url: str  # absolute http(s) address, or "" where there is none
    title: str
    summary: str = ""
    content: str = ""  # the full text where the feed carries it
    published_at: datetime | None = None
    date_only: bool = False  # the date came without a time: it counts to the end of its day
    updated_at: datetime | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What one feed document holds. ``flags`` are short words for what was odd (``not_wellformed``, ``cut`` ...)."""

    format: str
    title: str
    entries: tuple[Entry, ...]
    language: str = ""
    site_url: str = ""
    ttl_s: float | None = None  # the longest of ttl, sy:update*, as a hint
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()  # 0 = Monday
    next_page: str = ""  # RFC 5005 prev-archive or next
    listed: int = 0  # entries in the document, before the limit
    flags: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------- articles


@dataclass(frozen=True, slots=True)
class Page:
    """What a stored or fetched page says. ``text`` is plain, paragraphs apart by line breaks, empty unless ``kind`` is
    ARTICLE or PARTIAL; ``method`` names what found the text, ``reason`` says in words why the kind is what it is."""

    kind: PageKind
    title: str = ""
    text: str = ""
    published_at: datetime | None = None
    date_only: bool = False
    language: str = ""  # as the page declares it
    canonical_url: str = ""  # same host as the page's address, or ""
    method: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PagePhrases:
    """The words by which pages are told apart from articles (rules/pages/), folded: lower case, no accents. A text
    begins with those of ``endings`` and ``furniture``, is one of ``lines``, and holds those of the others."""

    consent: tuple[str, ...] = ()
    login: tuple[str, ...] = ()
    challenge: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    paywall: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()  # the article ends before such a line
    furniture: tuple[str, ...] = ()  # such a line is left out
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """An entry with its text, as matching reads it. Either title or text may be empty, not both."""

    id: str
    title: str
    text: str
    published_at: datetime | None = None
    date_only: bool = False
    url: str = ""
    language: str = ""  # a hint (the feed's); matching decides
    feed_id: str = ""
    feed_title: str = ""
    publisher_party: str = ""
    timezone: str = ""  # zone of relative dates; "" = Europe/Rome
    first_seen_at: datetime | None = None
    method: ReadMethod = ReadMethod.PAGE


@dataclass(frozen=True, slots=True)
class Span:
    """Where evidence stands. Offsets are code points into the cleaned ``field`` (title or text)."""

    start: int
    end: int
    field: str
    concept: str


@dataclass(frozen=True, slots=True)
class Party:
    """Who acts. ``id`` is ISO 3166 alpha-2 (and EU) for states, a prefixed id for others, ``many`` or ``open``."""

    id: str
    kind: str
    country: str | None
    name: str
    role: str = "party"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One article's report of an act at a stage, with the sentence that proves it."""

    type: ActType
    stage: Stage
    parties: tuple[Party, ...]
    quote: str
    rule: str
    score: float
    step: Step | None = None
    object: str = ""  # the thing agreed: the rule set's id where it knows one, else the words of the text
    count: int = 1  # acts in a package ("oltre 20")
    claimed_by: str = ""  # the only side that says so
    sectors: tuple[Sector, ...] = ()
    topics: tuple[str, ...] = ()
    event_date: str = ""  # ISO 8601 cut to what is known: 2026, 2026-02, 2026-02-05
    date_basis: str = ""  # explicit | relative | publication
    deadline: str = ""  # of calls, ISO date
    evidence: tuple[Span, ...] = ()
    trial: bool = False  # from a rule on trial: the digest only
    terms: tuple[tuple[str, float], ...] = ()  # what the score is made of, for explain


@dataclass(frozen=True, slots=True)
class Mention:
    """A refused report of an act, kept with its reason."""

    announcement: Announcement
    reason: Reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of one article. ``score`` is the best announcement's calibrated probability."""

    lang: str
    verdict: Verdict
    score: float
    alert: bool
    announcements: tuple[Announcement, ...]
    mentions: tuple[Mention, ...]
    reasons: tuple[Reason, ...]
    ruleset: str  # the digest of the rule set


# ---------------------------------------------------------------------------------------------- stories


@dataclass(frozen=True, slots=True)
class Report:
    """One article's part in a story: an announcement or a mention of its act. Small: no text but title and quote."""

    article_id: str
    title: str
    url: str
    feed_id: str
    feed_title: str
    lang: str
    published_at: datetime | None
    seen_at: datetime
    announcement: Announcement
    reason: Reason | None = None  # set when this is a mention
    simhash: int = 0  # of the body; 0 = none
    copy_of: str = ""  # article_id of the report whose text this one copies
    publisher_party: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One act over its life. Best announcement first in ``reports`` order of arrival; ``signature`` is the memory that
    outlives the texts (keys and hashes made by monitor.story; opaque to everyone else)."""

    id: str
    opened_at: datetime
    type: ActType
    stage: Stage
    parties: tuple[Party, ...]
    object: str
    sectors: tuple[Sector, ...]
    topics: tuple[str, ...]
    score: float
    reports: tuple[Report, ...]
    stages: tuple[tuple[Stage, str, datetime], ...] = ()  # stage, ISO event date, when it was first seen
    deadline: str = ""
    count: int = 1
    part_of: str = ""  # the package this act belongs to
    may_belong_to: str = ""  # the story an unsure act may be the same as
    nearest: str = ""  # nearest known act when it opened
    opened_by_mention: bool = False  # known in passing only; never told
    state: str = "open"  # open | wrong | merged
    merged_into: str = ""
    signature: str = ""  # JSON


@dataclass(frozen=True, slots=True)
class StoryChange:
    """What one announcement (or mention) did to one story. ``before`` is None when it opened the story."""

    story: Story
    novelty: Novelty
    report: Report
    before: Story | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What one route owes for one change of one story, and why. ``change`` tells news of the same stage apart: "" is the
    stage itself, ``near`` a near miss, ``source:ARTICLE``, ``step:STEP``, ``retracted`` ..."""

    route: str
    story_id: str
    stage: Stage
    change: str
    decision: Decision
    why: Why
    article_id: str = ""
    detail: str = ""  # the silence's id, the route redirected to ...


@dataclass(frozen=True, slots=True)
class Told:
    """The memory of an Owed: unique per story, route, stage and change. ``delivery_id`` names the message that carries
    it; empty while it waits for a digest, an overflow message or the end of a pause."""

    owed: Owed
    told_at: datetime
    delivery_id: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """An operator's muting. ``clause`` is a match table as JSON; empty ``routes`` = all."""

    id: str
    clause: str
    author: str
    reason: str
    created_at: datetime
    until: datetime
    routes: tuple[str, ...] = ()
    ended_at: datetime | None = None  # ended early, or its end was reported


@dataclass(frozen=True, slots=True)
class Pause:
    """A route's absence: what it is owed goes ``to`` another route, or waits for one summary (``digest``)."""

    route: str
    since: datetime
    until: datetime
    to: str = "digest"
    author: str = ""


@dataclass(frozen=True, slots=True)
class TargetState:
    """How one target of one route fares."""

    route: str
    target: str
    failures: int = 0  # in a row
    open_until: datetime | None = None  # the circuit: nothing is tried before
    disabled: bool = False
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert to one mailbox, or one story's event to one endpoint. ``body`` was rendered once; retries send the
    same bytes. ``id`` is stable: the webhook-id, and the left side of a mail's Message-ID."""

    id: str
    route: str
    channel: str
    target: str  # mailbox or endpoint
    event: EventType
    story_ids: tuple[str, ...]
    body: bytes
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    subject: str = ""
    article_id: str = ""
    reason: str = ""  # why it ended as it did


@dataclass(frozen=True, slots=True)
class SendResult:
    """What the other side answered. Exactly one of ok, retry, permanent holds; ``disable`` = endpoint says gone."""

    ok: bool
    permanent: bool = False
    disable: bool = False
    retry_after_s: float | None = None
    doubtful: bool = False  # it may have arrived
    answer: str = ""  # status and first words, cleaned
    fault: SendFault | None = None  # None when ok


# ---------------------------------------------------------------------------------------------- self-watch


@dataclass(frozen=True, slots=True)
class Episode:
    """One trouble of the service from its first sight to its end. ``kind`` is one of monitor.watch's closed set, ``key``
    names the episode, ``told_at`` is the last message, ``calm_since`` the first look without it."""

    key: str
    kind: str
    words: str
    started_at: datetime
    told_at: datetime
    things: tuple[str, ...] = ()
    calm_since: datetime | None = None
    ended_at: datetime | None = None


# ---------------------------------------------------------------------------------------------- HTTP


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole HTTP answer after redirects, body decoded and within its limits."""

    url: str  # asked
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]  # names in lower case
    body: bytes
    hops: tuple[tuple[int, str], ...] = ()  # (status, target) of each redirect followed
    elapsed_s: float = 0.0
    wire_bytes: int = 0

    def header(self, name: str) -> str:
        """The first value of a header, or an empty string. ``name`` in lower case."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """Why no usable answer came: ``kind`` is one word of fetch's closed list (connect, dns, tls, deadline, too_large,
    cut, coding, protocol, redirects, refused_address, scheme, robots, ...), ``detail`` a sentence for people."""

    url: str
    kind: str
    detail: str
    status: int = 0
    retry_after_s: float | None = None
    hops: tuple[tuple[int, str], ...] = ()
    elapsed_s: float = 0.0
