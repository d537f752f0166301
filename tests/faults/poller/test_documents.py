"""Fault cases FEED-01 to FEED-23: documents that attack, lie or are damaged; entries that change, return and multiply."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.faults.poller.made import QUIET, SIGNED, TITLE, date, feed, item, page, rss, summary, title
from tests.faults.poller.test_network import failing, good, takes, well
from tests.faults.subject import NOW, Subject, rss_of
from tests.origin import Asked, Line, Origin, Script, answer, in_turn

fault = pytest.mark.fault
DAY_S = 86400.0


def laughs(levels: int, times: int) -> str:
    entities = '<!ENTITY a0 "ah">' + "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * times}">' for level in range(1, levels + 1)
    )
    return f'<?xml version="1.0"?><!DOCTYPE rss [{entities}]>'


@fault("FEED-01")
@pytest.mark.parametrize(
    ("decl", "body"),
    [
        (laughs(9, 10), "&a9;"),
        (f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY q "{"q" * 50000}">]>', "&q;" * 50000),
    ],
    ids=["billion-laughs", "quadratic"],
)
def test_entity_bombs_are_refused_at_once(subject: Subject, origin: Origin, decl: str, body: str) -> None:
    url = origin.on("/f/laughs", answer(200, rss([item(0, raw_title=body), item(1)], decl=decl).encode()))
    other = good(origin)
    subject.follow(url, other)
    subject.poll()  # the worker is warm now
    origin.on("/f/again", answer(200, rss([item(0, raw_title=body), item(1)], decl=decl + " ").encode()))
    subject.follow(origin.url("/f/again"))
    with takes(2):
        subject.wait(0)
    failing(subject, url, "entities")
    failing(subject, origin.url("/f/again"), "entities")
    assert "&a9;" not in "".join(subject.alerts())
    well(subject, other)


@fault("FEED-02")
def test_external_entities_are_not_read(subject: Subject, origin: Origin, canary: Origin) -> None:
    urls = []
    for name, target in (("file", "file:///etc/passwd"), ("http", canary.url("/x"))):
        decl = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{target}">]>'
        urls.append(origin.on(f"/f/xxe-{name}", answer(200, rss([item(0, raw_title="&x;")], decl=decl).encode())))
    subject.follow(*urls)
    subject.poll(2)
    for url in urls:
        failing(subject, url, "entities")
    assert "root:" not in subject.stored_text()


@fault("FEED-03")
def test_deep_and_wide_documents_are_stopped_at_the_parse_deadline(subject: Subject, origin: Origin) -> None:
    from monitor.run.feeds import PARSE_DEADLINE_S

    assert PARSE_DEADLINE_S <= 10
    start = '<?xml version="1.0"?><rss version="2.0"><channel><title>d</title><item><title>t</title>'
    deep = f"{start}{'<a>' * 200_000}{'</a>' * 200_000}</item></channel></rss>"
    attributes = " ".join(f'a{number}="x"' for number in range(100_000))
    wide = f"{start}<b {attributes}/></item></channel></rss>"
    urls = [origin.on("/f/deep", answer(200, deep.encode())), origin.on("/f/attributes", answer(200, wide.encode()))]
    other = good(origin)
    subject.follow(*urls)
    subject.now += timedelta(seconds=1)
    subject.follow(other)
    with takes(2 * PARSE_DEADLINE_S + 8):
        subject.wait(0)
    well(subject, other)
    for url in urls:
        failing(subject, url, "parsing was stopped", "keep its reader busy")


@fault("FEED-04")
@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("bad-amp", rss([item(0, raw_title="Italia & Cina: R&D firmato"), item(1)])),
        ("mismatched", rss([item(0), item(1)]).replace("</channel></rss>", "</rss>")),
        ("control-chars", rss([item(0, title="Acc\x00ordo\x0b fir\x01mato"), item(1)])),
        ("junk-before", "\r\n<br />\n<b>Warning</b>: Undefined index on line 3<br />\n" + rss([item(0), item(1)])),
        ("junk-after", rss([item(0), item(1)]) + "<!-- cached --><script>1</script>"),
    ],
)
def test_damaged_xml_gives_its_items_and_is_flagged(subject: Subject, origin: Origin, name: str, body: str) -> None:
    url = origin.on(f"/f/{name}", answer(200, body.encode()))
    subject.follow(url)
    subject.poll()
    well(subject, url, 2)
    assert subject.view(url).flags
    assert "\x00" not in subject.stored_text()
    titles = [found.title for found in subject.items(url)]
    assert titles[1] == title(1)
    if name == "bad-amp":
        assert titles[0] == "Italia & Cina: R&D firmato"
    if name == "control-chars":
        assert titles[0] == "Accordo firmato"


@fault("FEED-05")
@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (page("Benvenuti", QUIET), "text/html", "web page"),
        (page("Benvenuti", QUIET), "application/rss+xml", "web page"),
        (page("Accedi", "<form><input name=p type=password></form>"), "text/html", "login page"),
    ],
)
def test_a_page_in_place_of_a_feed_is_an_error_that_deletes_nothing(
    subject: Subject, origin: Origin, body: bytes, kind: str, words: str
) -> None:
    broken = answer(200, body, ("ETag", '"html"'), kind=kind)
    url = origin.on("/f/html", in_turn(answer(200, feed(), ("ETag", '"good"')), broken, broken))
    only = origin.on("/f/only", broken)
    subject.follow(url, only)
    subject.poll(3)
    failing(subject, only, words)
    view = subject.view(url)
    assert (view.state, view.outcome) == ("failing", "not_a_feed")
    assert words in view.words
    assert len(subject.items(url)) == 5
    assert {asked.header("if-none-match") for asked in origin.asked if asked.path != "/robots.txt"} <= {"", '"good"'}


@fault("FEED-06")
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(200, b"", "empty"), (200, b" \r\n\t ", "empty"), (204, b"", "no content"), (206, feed()[:500], "part only")],
)
def test_an_empty_or_partial_answer_is_an_error_that_deletes_nothing(
    subject: Subject, origin: Origin, status: int, body: bytes, words: str
) -> None:
    url = origin.on("/f/empty", in_turn(answer(200, feed()), answer(status, body)))
    only = origin.on("/f/only", answer(status, body))
    subject.follow(url, only)
    subject.poll(2)
    failing(subject, only, words)
    assert subject.view(url).state == "failing"
    assert len(subject.items(url)) == 5


CHINESE, RUSSIAN = "中俄签署合作备忘录", "Россия и Китай подписали меморандум"


@fault("FEED-07")
@pytest.mark.parametrize(
    ("text", "encoding", "declared", "header"),
    [
        (TITLE, "utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        (TITLE, "cp1252", "utf-8", "text/xml"),
        (TITLE, "utf-16", "utf-16", "text/xml"),
        (CHINESE, "gb18030", "gb2312", "text/xml"),
        (RUSSIAN, "koi8-r", "koi8-r", "text/xml"),
        (RUSSIAN, "koi8-r", "", "text/xml; charset=koi8-r"),
        (TITLE, "utf-8", "utf-ocho", "text/xml; charset=utf-ocho"),
        (TITLE, "cp1252", "", "text/xml"),
    ],
)
def test_titles_read_as_written_in_whatever_charset(
    subject: Subject, origin: Origin, text: str, encoding: str, declared: str, header: str
) -> None:
    decl = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    url = origin.on("/f/charset", answer(200, rss([item(0, title=text)], decl=decl).encode(encoding), kind=header))
    subject.follow(url)
    subject.poll()
    assert [found.title for found in subject.items(url)] == [text]


@fault("FEED-07")
def test_one_title_in_another_charset_garbles_no_other(subject: Subject, origin: Origin) -> None:
    body = rss([item(0, title=TITLE), item(1, title="@@")]).encode().replace(b"@@", TITLE.encode("cp1252"))
    url = origin.on("/f/charset-mixed", answer(200, body))
    subject.follow(url)
    subject.poll()
    first, second = subject.items(url)
    assert first.title == TITLE
    assert "\ufffd" not in second.title


@fault("FEED-08")
def test_five_bogus_content_types_are_read_as_feeds(subject: Subject, origin: Origin) -> None:
    async def bare(asked: Asked, line: Line) -> None:
        body = feed()
        await line.raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    kinds = ("text/plain", "text/html; charset=utf-8", "application/octet-stream", "audio/mpeg")
    urls = [origin.on(f"/f/{number}", answer(200, feed(), kind=kind)) for number, kind in enumerate(kinds)]
    urls.append(origin.on("/f/none", bare))
    subject.follow(*urls)
    subject.poll()
    for url in urls:
        well(subject, url, 5)


@pytest.mark.long
@fault("FEED-09")
def test_of_very_many_items_the_newest_are_taken_and_the_rest_is_counted(
    make: Callable[..., Subject], origin: Origin
) -> None:
    subject = make(alert_max_age_s=DAY_S)
    items = [
        item(number, link=None, title=f"Notizia numero {number} del giorno", pubDate=date(number))
        for number in range(20_000)
    ]
    url, other = origin.on("/f/many", answer(200, rss(items).encode())), good(origin)
    subject.follow(url)
    subject.now += timedelta(seconds=1)
    subject.follow(other)
    with takes(60):
        subject.wait(0)
    view, taken = subject.view(url), subject.items(url)
    assert (view.listed, view.new, view.left_out) == (20_000, 500, 19_500)
    assert view.adds_up
    assert "19500 beyond the limit" in view.words
    assert {found.title for found in taken} == {f"Notizia numero {number} del giorno" for number in range(500)}
    assert sum(not found.held for found in taken) <= 25  # the flood guard: only the last day's may be told at once
    well(subject, other)


@fault("FEED-10")
def test_one_huge_item_is_cut_and_its_neighbours_are_stored(subject: Subject, origin: Origin) -> None:
    body = rss([item(0), item(1, title="x" * 900_000, description="y " * 900_000), item(2)]).encode()
    url = origin.on("/f/huge-item", answer(200, body))
    subject.follow(url)
    subject.poll()
    first, huge, last = subject.items(url)
    assert (first.title, last.title) == (title(0), title(2))
    assert len(huge.title) <= 2000
    assert len(huge.summary) <= 200_000


def counted(count: list[int], make_items: Callable[[int], list[str]]) -> Script:
    async def script(asked: Asked, line: Line) -> None:
        await answer(200, rss(make_items(asked.nth)).encode())(asked, line)

    return script


@fault("FEED-11")
def test_a_guid_that_is_used_again_hides_no_story(subject: Subject, origin: Origin) -> None:
    url = origin.on("/f/guid-reuse", counted([], lambda nth: [item(nth, origin.url(""), guid="latest")]))
    subject.follow(url)
    subject.poll(4)
    assert [found.title for found in subject.items(url)] == [title(number) for number in range(1, 5)]
    assert all(found.state == "judged" for found in subject.items(url))


@fault("FEED-12")
def test_guids_that_change_at_each_poll_bring_nothing_twice(subject: Subject, origin: Origin) -> None:
    base = origin.url("")
    url = origin.on("/f/guid-changes", counted([], lambda nth: [item(n, base, guid=f"{nth}:{n}") for n in range(5)]))
    subject.follow(url)
    subject.poll()
    told = len(subject.alerts())
    subject.poll(2)
    assert len(subject.items(url)) == 5
    assert (subject.view(url).new, subject.view(url).edited, subject.view(url).known) == (0, 0, 5)
    assert len(subject.alerts()) == told


@fault("FEED-13")
def test_links_that_change_at_each_poll_bring_nothing_twice(subject: Subject, origin: Origin) -> None:
    def tracked(nth: int, guids: bool) -> list[str]:
        return [
            item(
                number,
                link=f"{origin.url('')}/a/{number}?utm_source=rss&utm_campaign=c{nth}&fbclid=x{nth}",
                guid=f"g{number}" if guids else None,
            )
            for number in range(5)
        ]

    url = origin.on("/f/link-changes", counted([], lambda nth: tracked(nth, True)))
    bare = origin.on("/f/link-changes-no-guid", counted([], lambda nth: tracked(nth, False)))
    subject.follow(url, bare)
    subject.poll()
    told = len(subject.alerts())
    subject.poll(2)
    assert (len(subject.items(url)), len(subject.items(bare))) == (5, 5)
    assert subject.view(url).new == subject.view(bare).new == 0
    assert len(subject.alerts()) == told


@fault("FEED-13")
def test_two_short_links_to_one_article_are_one_story(subject: Subject, origin: Origin) -> None:
    target = origin.on("/a/ok", answer(200, page("Italia e Cina firmano", SIGNED), kind="text/html; charset=utf-8"))
    short = [origin.on(f"/s/{n}", answer(301, b"", ("Location", "/a/ok"))) for n in range(2)]
    items = [item(0, link=link, guid=f"s{n}", title="Italia e Cina firmano un accordo") for n, link in enumerate(short)]
    url = origin.on("/f/short", answer(200, rss([items[0]]).encode()))
    other = origin.on("/f/other", answer(200, rss([items[1]]).encode()))
    subject.follow(url, other)
    subject.poll(2)
    assert len(subject.alerts()) == 1
    assert target in subject.stored_text()


@fault("FEED-14")
@pytest.mark.parametrize("change", [{"guid": None}, {"link": None}, {"guid": None, "link": None}])
def test_identity_comes_from_what_there_is_and_survives_a_restart(
    subject: Subject, origin: Origin, change: dict[str, Any]
) -> None:
    items = [item(number, origin.url(""), **change) for number in range(5)]
    url = origin.on("/f/bare", counted([], lambda nth: items[nth:] + items[:nth]))
    subject.follow(url)
    subject.poll()
    assert len(subject.items(url)) == 5
    subject.restart()
    subject.poll(2)
    assert len(subject.items(url)) == 5
    assert subject.view(url).new == 0
    if "link" in change:  # the feed's own address is never read in an article's place
        assert {asked.path for asked in origin.asked} <= {"/f/bare", "/robots.txt"}


@fault("FEED-15")
def test_odd_dates_order_nothing_ahead_and_drop_nothing(make: Callable[..., Subject], origin: Origin) -> None:
    subject = make(alert_max_age_s=DAY_S)
    written = {
        "missing": None,
        "future": date(-24 * 3650),
        "ancient": "Mon, 01 Jan 1900 00:00:00 GMT",
        "epoch": "Thu, 01 Jan 1970 00:00:00 GMT",
        "words": "ieri alle 15",
        "impossible": "31/02/2026",
        "italian": "sab, 21 nov 2026 10:00:00 +0100",
        "day": "2026-11-21",
    }
    items = [item(number, pubDate=text, title=name, guid=name) for number, (name, text) in enumerate(written.items())]
    url = origin.on("/f/dates", answer(200, rss(items).encode()))
    subject.follow(url)
    subject.poll()
    found = {one.title: one for one in subject.items(url)}
    assert set(found) == set(written)
    for name in ("missing", "future", "ancient", "epoch", "words", "impossible"):
        assert found[name].published_at is None, name
        assert found[name].order_at == subject.now, name
        assert not found[name].held, name
        assert not found[name].late, name
    assert found["italian"].published_at == datetime.fromisoformat("2026-11-21T09:00:00+00:00")
    assert max(one.order_at for one in found.values()) <= subject.now


def events(subject: Subject) -> list[dict[str, Any]]:
    return [json.loads(body) for body in subject.alerts()]


@fault("FEED-16")
def test_a_corrected_title_is_stored_and_told_no_second_time(subject: Subject, origin: Origin) -> None:
    base = origin.url("")
    origin.on("/a/0", answer(200, page("Italia e Cina firmano", SIGNED), kind="text/html; charset=utf-8"))
    wrong, right = "Italia e Cina firmano memorandun", "AGGIORNATO: Italia e Cina firmano il memorandum"
    url = origin.on("/f/edited", counted([], lambda nth: [item(0, base, title=wrong if nth == 1 else right)]))
    subject.follow(url)
    subject.poll()
    assert len(subject.alerts()) == 1
    subject.poll(2)
    (one,) = subject.items(url)
    assert (one.title, one.edits) == (right, 1)
    assert len(subject.alerts()) == 1


@fault("FEED-17")
def test_an_entry_edited_into_an_announcement_is_told_once(subject: Subject, origin: Origin) -> None:
    base = origin.url("")
    quiet = {
        "title": "Incontro a Roma fra le delegazioni",
        "description": "Colloqui in corso sui laboratori di fisica.",
    }
    signed = {"title": "Italia e Cina firmano un accordo", "description": summary(0)}
    origin.on("/a/0", in_turn(*[answer(200, page("x", body), kind="text/html") for body in (QUIET, SIGNED)]))
    url = origin.on("/f/edited-into-match", counted([], lambda nth: [item(0, base, **(quiet if nth == 1 else signed))]))
    subject.follow(url)
    subject.poll()
    assert subject.alerts() == []
    subject.poll(3)
    assert len(subject.alerts()) == 1
    assert len(subject.items(url)) == 1


@fault("FEED-18")
def test_an_entry_that_changes_for_ever_is_updated_24_times(subject: Subject, origin: Origin) -> None:
    url = origin.on("/f/churn", counted([], lambda nth: [item(0, description=f"{summary(0)} Ore {nth}.")]))
    subject.follow(url)
    subject.poll()
    told = len(subject.alerts())
    subject.poll(40)
    (one,) = subject.items(url)
    assert one.edits == 24
    assert len(subject.alerts()) == told == 1


@fault("FEED-19")
def test_items_that_vanish_return_move_or_double_are_told_once(subject: Subject, origin: Origin) -> None:
    base = origin.url("")
    items = [item(number, base) for number in range(5)]
    vanish = origin.on("/f/vanish", counted([], lambda nth: items[: 2 if nth % 2 == 0 else 5]))
    reordered = origin.on("/f/reordered", counted([], lambda nth: items[nth % 5 :] + items[: nth % 5]))
    double = [items[0], items[0], items[1], item(0, base, guid="urn:other")]
    duplicates = origin.on("/f/duplicates", counted([], lambda nth: double))
    subject.follow(vanish, reordered, duplicates)
    subject.poll()
    told = len(subject.alerts())
    subject.poll(5)
    assert [len(subject.items(url)) for url in (vanish, reordered, duplicates)] == [5, 5, 2]
    assert len(subject.alerts()) == told
    assert told <= 5  # three feeds, five acts


@fault("FEED-20")
def test_a_window_without_overlap_is_a_possible_gap(subject: Subject, origin: Origin) -> None:
    base = origin.url("")
    names = ' xmlns:atom="http://www.w3.org/2005/Atom"'

    async def window(asked: Asked, line: Line) -> None:
        first, older = 20 * (asked.nth - 1), asked.query.get("p")
        numbers = range(first - 10, first) if older else range(first, first + 10)
        if older:
            numbers = range(int(older), int(older) + 10)
        extra = "" if older else f'<atom:link rel="prev-archive" href="{base}/f/window?p={first - 10}&amp;k=p"/>'
        items = [item(number, base, title=f"Notizia {number} dalla città") for number in numbers]
        await answer(200, rss(items, extra=extra, names=names).encode())(asked, line)

    url = origin.on("/f/window", window)
    subject.follow(url)
    subject.poll()
    assert not subject.view(url).gap
    assert not any(asked.query for asked in origin.seen("/f/window"))
    before = subject.view(url).interval_s
    subject.poll()
    view = subject.view(url)
    assert view.gap
    assert "entries may have been missed" in view.words
    assert view.interval_s <= before
    # the archive was asked for what lay between the two windows
    assert "Notizia 15 dalla città" in {found.title for found in subject.items(url)}
    assert len([asked for asked in origin.seen("/f/window") if asked.query]) <= 5


@fault("FEED-21")
def test_pages_that_point_in_a_circle_are_followed_to_a_limit(subject: Subject, origin: Origin) -> None:
    base = origin.url("")
    names = ' xmlns:atom="http://www.w3.org/2005/Atom"'

    async def paged(asked: Asked, line: Line) -> None:
        number = int(asked.query.get("p", "1"))
        extra = f'<atom:link rel="next" href="{base}/f/paged?p={number % 3 + 1}"/>'
        polls = len([one for one in origin.seen("/f/paged") if not one.query])
        first = 1000 * polls + 10 * number
        items = [item(n, base, title=f"Notizia {n} dalla città") for n in range(first, first + 10)]
        await answer(200, rss(items, extra=extra, names=names).encode())(asked, line)

    url = origin.on("/f/paged", paged)
    subject.follow(url)
    for _ in range(3):
        before = len(origin.seen("/f/paged"))
        subject.poll()
        assert len(origin.seen("/f/paged")) - before <= 1 + 5
    assert subject.view(url).state == "ok"
    asked = [one.query.get("p", "") for one in origin.seen("/f/paged")]
    assert len(asked) == len(set(zip(asked, range(len(asked)), strict=True)))
    assert asked[0] == ""
    assert asked[1] == ""  # the first poll has no gap to fill


@fault("FEED-22")
def test_bad_and_internal_links_are_never_fetched_or_clickable(
    subject: Subject, origin: Origin, canary: Origin
) -> None:
    port = canary.port
    links = [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "mailto:a@b",
        canary.url("/x"),
        f"http://127.0.0.2:{port}/x",
        f"http://[::1]:{port}/x",
        f"http://2130706433:{port}/x",
        f"http://localhost:{port}/x",
        f"http://0x7f.1:{port}/x",
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1/x",
    ]
    names = ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    extra = f"<itunes:new-feed-url>{canary.url('/new')}</itunes:new-feed-url>"
    body = rss([item(number, link=link) for number, link in enumerate(links)], extra=extra, names=names).encode()
    url = origin.on("/f/links", answer(200, body))
    subject.follow(url)
    subject.poll(2)
    assert len(subject.items(url)) == len(links)
    assert {found.url for found in subject.items(url)} == {""}
    assert subject.view(url).url == url
    told = "".join(subject.alerts())
    assert told
    assert not any(link in told for link in links if len(link) > 10)


@fault("FEED-23")
def test_a_silent_feed_is_told_after_a_week_or_five_gaps_and_clears_by_itself(subject: Subject, origin: Origin) -> None:
    empty = origin.on("/f/zero-items", answer(200, rss([]).encode()))
    dates = [item(number, pubDate=date(24 * number)) for number in range(10)]
    daily = origin.on("/f/daily", answer(200, rss(dates).encode()))
    subject.follow(empty, daily)
    subject.wait(0)
    for day in range(1, 31):
        subject.wait(DAY_S)
        for url in (empty, daily):
            assert subject.view(url).state == "ok"
            assert bool(subject.view(url).silent) == (day > 7), (day, url)
    assert "nothing new" in subject.view(daily).silent
    fresh = [item(99, pubDate=date(0, subject.now)), *dates]
    origin.on("/f/daily", answer(200, rss(fresh).encode()))
    subject.wait(DAY_S)
    assert subject.view(daily).silent == ""
    assert subject.view(empty).silent


def test_the_workers_memory_is_counted_where_bombs_are_parsed() -> None:
    import os

    assert rss_of([os.getpid()]) > 10 * 2**20
    assert NOW.tzinfo is not None
    assert time.monotonic() > 0
