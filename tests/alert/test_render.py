from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from lxml import html as lxml_html

from monitor.alert import clean, compose, headline, words
from monitor.alert.facts import Alert
from monitor.alert.letter import Letter, Reader
from monitor.alert.render import html, mail, text, webhook
from monitor.model import ActType, Change, Novelty, Party, Reason, Sector, Stage, Step
from tests.alert import make
from tests.alert.letters import LETTERS, READERS

ROME = ZoneInfo("Europe/Rome")
IT = words.load("it")
EN = words.load("en")


def reader(language: str = "it") -> Reader:
    return Reader("desk", IT if language == "it" else EN, ROME)


def letter(alert: Alert | None = None, language: str = "it") -> Letter:
    return compose.alert_letter(alert or make.alert(), reader(language), make.NOW)


def parsed(alert: Alert | None = None, **changes: object) -> EmailMessage:
    fields: dict[str, object] = {
        "delivery_id": "dlv-1",
        "route": "desk",
        "sender": "coopwatch <bot@example.org>",
        "to": "desk@example.org",
        "host": "example.org",
    }
    raw = mail.render(letter(alert), mail.Envelope(**(fields | changes)), make.NOW)  # type: ignore[arg-type]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# ---------------------------------------------------------------------------------------------- words


def test_both_catalogues_have_the_same_keys_and_fields() -> None:
    def fields(forms: tuple[str, ...]) -> set[str]:
        return {part.split("}")[0] for form in forms for part in form.split("{")[1:]}

    assert set(IT.messages) == set(EN.messages)
    for key in IT.messages:
        assert fields(IT.messages[key]) == fields(EN.messages[key]), key
        assert all(IT.messages[key]), key
        assert all(EN.messages[key]), key


@pytest.mark.parametrize("lexicon", [IT, EN], ids=["it", "en"])
def test_every_code_of_the_closed_sets_has_its_word(lexicon: words.Words) -> None:
    keys = [f"act.{act}.{stage}" for act in ActType for stage in Stage] + [f"type.{act}" for act in ActType]
    keys += [f"stage.{stage}" for stage in Stage] + [f"step.{step}" for step in Step]
    keys += [f"sector.{sector}" for sector in Sector] + [f"reason.{reason}" for reason in Reason]
    keys += [f"change.{change}" for change in Change] + [f"change.{novelty}" for novelty in Novelty]
    assert [key for key in keys if not lexicon.has(key)] == []


# ---------------------------------------------------------------------------------------------- headline


def test_headline_names_parties_act_and_sector_in_the_routes_language() -> None:
    change = make.change()
    assert headline.of_change(change, IT) == "Italia e Cina: firmato un accordo (scienza e istruzione)"
    assert headline.of_change(change, EN) == "Italy and China: agreement signed (science and education)"


def test_headline_of_a_package_counts_its_acts() -> None:
    assert headline.of_change(make.change(make.story(count=20)), EN).startswith(
        "Italy and China: at least 20 agreements signed"
    )


def test_headline_of_an_open_initiative_says_so() -> None:
    story = make.story(parties=(make.CHINA, make.OPEN), type=ActType.JOINT_BODY)
    assert "Cina: firmata l'intesa per un organismo congiunto, iniziativa aperta ad altri" in headline.of_story(
        story, IT
    )


def test_headline_of_many_parties_is_short() -> None:
    parties = tuple(Party(code, "state", code, code) for code in ("IT", "FR", "DE", "ES", "PT", "GR"))
    assert headline.of_story(make.story(parties=parties), EN).startswith("Italy, France, Germany and 3 more: ")


def test_an_object_that_the_rules_know_is_named_in_the_routes_language() -> None:
    known = words.load("en", {"obj.polar": {"en": "Polar Research Council"}})
    assert "agreement signed: Polar Research Council" in headline.of_story(make.story(object="obj.polar"), known)


def test_subject_tells_kind_and_number_and_stays_short() -> None:
    long = tuple(Party(f"org.x{n}", "organisation", None, "Organizzazione internazionale " * 5) for n in range(9))
    many = make.alert(make.change(make.story(parties=long)), make.change(), make.change())
    subject = headline.subject(many, IT)
    assert len(subject) <= headline.SUBJECT_LIMIT
    assert subject.endswith("(e altri 2 atti)")
    late = make.alert(late=True)
    assert headline.subject(late, EN).startswith("Seen late. Italy and China")


# ---------------------------------------------------------------------------------------------- the letter's facts


def test_the_first_lines_answer_who_what_when_and_how_we_know() -> None:
    lines = text.render(letter()).splitlines()
    start = [line.split("  ")[0] for line in lines[4:14] if line and not line.startswith(" ")]
    assert start[:5] == ["Chi", "Che cosa", "Quando", "Prova", "Fonti"]
    body = "\n".join(lines)
    assert "«Italia e Cina hanno firmato oggi a Roma un accordo sulla ricerca polare.»".replace(" ", "") in (
        body.replace("\n", "").replace(" ", "")
    )
    assert "https://news1.example/a/001" in lines[12].strip() + lines[11].strip() + lines[10].strip()


def test_copies_and_publishers_that_are_parties_are_said() -> None:
    reports = (
        make.report(1),
        make.report(2, copy_of="article-1"),
        make.report(3, publisher_party="CN", feed_title="Portavoce"),
    )
    body = text.render(letter(make.alert(make.change(make.story(*reports), report=reports[0]))))
    assert "1 fonte indipendente, 1 copia dello stesso testo" in body
    assert "(copia)" in body
    assert "(editore parte in causa: Cina)" in body.replace("\n", "").replace("              ", " ")


def test_a_quote_in_another_language_is_not_translated_and_named() -> None:
    chinese = make.report(1, lang="zh", announcement=make.announcement(quote="中意两国签署极地科研合作协议。"))
    card = letter(make.alert(make.change(make.story(chinese)))).cards[0]
    assert card.quote is not None
    assert (card.quote.text, card.quote.note) == ("«中意两国签署极地科研合作协议。»", "in cinese")
    assert letter().cards[0].quote.note == ""  # type: ignore[union-attr]


def test_nearest_act_and_possible_twin_are_named_with_the_day_since_which_they_are_known() -> None:
    near = make.story(id="st-0", opened_at=datetime(2025, 11, 4, tzinfo=UTC))
    twin = make.story(make.report(7), id="st-9", opened_at=datetime(2026, 2, 1, tzinfo=UTC))
    story = make.story(nearest="st-0", may_belong_to="st-9")
    alert = make.alert(make.change(story, novelty=Novelty.UNSURE), known={"st-0": near, "st-9": twin})
    row = next(row for row in letter(alert, "en").cards[0].after if row.label == "What is new")
    assert "the same act" in row.lines[0].text
    assert row.lines[0].text.endswith("known since 1 February 2026.")
    assert row.lines[0].url == "https://news7.example/a/007"
    assert row.lines[1].text.endswith("known since 4 November 2025.")
    assert row.lines[1].url == ""  # its first source is this very article


def test_old_acts_in_the_article_are_listed_and_doubtful_reports_counted() -> None:
    mentions = (
        make.mention(),  # the act that is told, in another sentence
        make.mention(Reason.OLD, parties=(make.FRANCE, make.CHINA)),
        make.mention(Reason.OPINION, parties=(make.RUSSIA, make.CHINA)),
        make.mention(Reason.TALKS_ONLY, parties=(make.RUSSIA, make.ITALY)),
        make.mention(Reason.TALKS_ONLY, parties=(make.RUSSIA, make.FRANCE)),
    )
    (row, _) = letter(make.alert(mentions=mentions), "en").common
    assert [line.text for line in row.lines] == [
        "not told (old news): France and China: agreement",
        "passing reports, not told: opinion (1), talks only (2)",
    ]


def test_a_further_act_of_the_story_just_told_is_not_called_known() -> None:
    told = make.alert()
    same = replace(told.report.announcement, quote="They signed it twice.")
    other = replace(same, parties=(make.FRANCE, make.CHINA))
    (row, _) = letter(replace(told, beside=(same, other)), "en").common
    assert [line.text.partition(": ")[::2] for line in row.lines] == [
        ("in the same story", headline.of_announcement(other, EN))
    ]


def test_a_new_stage_says_what_was_known() -> None:
    before = make.story(stage=Stage.ANNOUNCED)
    alert = make.alert(make.change(novelty=Novelty.NEW_STAGE, before=before))
    row = next(row for row in letter(alert, "en").cards[0].after if row.label == "What is new")
    assert row.lines[0].text == "Known so far as announced; now signed."


def test_a_call_without_a_deadline_says_that_it_is_missing() -> None:
    call = make.report(announcement=make.announcement(type=ActType.CALL, stage=Stage.LAUNCHED))
    rows = letter(make.alert(make.change(make.story(call)))).cards[0].rows
    assert any(row.label == "Scadenza" and "non indicata" in row.lines[0].text for row in rows)


def test_what_is_denied_is_never_headed_as_signed() -> None:
    letter = LETTERS["denied"](READERS["it"])
    assert letter.cards[0].title.startswith("Smentita. Italia e Cina")
    assert letter.subject == letter.cards[0].title


def test_mentions_never_stand_among_the_sources() -> None:
    reports = (make.report(1, reason=Reason.OLD, url="https://news.example/a/900"), make.report(2))
    alert = make.alert(make.change(make.story(*reports)), mentions=(make.mention(),))
    message = parsed(alert)
    assert "/a/900" not in message.as_string()
    assert b"/a/900" not in webhook.story_event(alert.changes[0], alert, "hook", IT, make.NOW)


def test_the_time_line_says_how_long_it_took() -> None:
    row = letter(language="en").common[-1]
    assert row.lines[0].text.endswith("19 minutes after publication")


# ---------------------------------------------------------------------------------------------- text part


def test_text_fits_78_columns_but_for_addresses() -> None:
    wide = make.report(1, title="中华人民共和国与意大利共和国关于极地科学研究合作的谅解备忘录" * 3, feed_title="新华网")
    alert = make.alert(make.change(make.story(wide)))
    for line in text.render(letter(alert)).splitlines():
        assert clean.width(line) <= 78 or line.strip().startswith("https://")


def test_a_long_address_is_never_broken() -> None:
    url = "https://news.example/" + "x" * 300
    body = text.render(letter(make.alert(make.change(make.story(make.report(1, url=url))))))
    assert url in body.splitlines()


def test_phone_text_is_at_most_200_characters() -> None:
    parties = tuple(Party(f"org.{n}", "organisation", None, "Organizzazione lunghissima " * 4) for n in range(3))
    long = letter(make.alert(make.change(make.story(parties=parties))))
    assert len(text.phone(long, "https://news.example/a/1")) <= 200
    assert text.phone(letter(), "https://news.example/a/1").endswith(" https://news.example/a/1")
    assert len(text.phone(letter(), "https://news.example/" + "x" * 400)) <= 200


# ---------------------------------------------------------------------------------------------- hostile input

HOSTILE = [
    "<script>alert(1)</script>Italia e Cina firmano",
    "Titolo\r\nBcc: victim@example.org\r\n\r\nbody",
    "\u202egnp.exe\u202c zero\u200bwidth \x1b[31mred\x1b[0m \x07",
    "{0.__class__} {{7*7}} %s ' OR 1=1 --",
    '"><img src=x onerror=alert(1)>',
    "x" * 16_000,
]


@pytest.mark.parametrize("title", HOSTILE, ids=["script", "crlf", "bidi", "format", "attribute", "long"])
def test_hostile_titles_are_shown_and_never_act(title: str) -> None:
    bad = make.report(
        1,
        title=title,
        feed_title=title,
        url="javascript:alert(2)",
        announcement=make.announcement(quote=title, object=title),
    )
    alert = make.alert(make.change(make.story(bad, parties=(Party("org.x", "organisation", None, title), make.ITALY))))
    message = parsed(alert, to="desk@example.org")
    assert message["Bcc"] is None
    assert len(message.get_all("Subject")) == 1
    assert len(message["Subject"]) <= headline.SUBJECT_LIMIT
    page = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    tree = lxml_html.fromstring(page)
    assert tree.xpath("//script | //img | //iframe | //form | //link | //object") == []
    assert [link for link in tree.xpath("//@href | //@src") if not link.startswith(("https://", "http://"))] == []
    assert [name for name in tree.xpath("//@*") if str(getattr(name, "attrname", "")).startswith("on")] == []
    plain = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for char in "\u202e\u200b\x1b\x07":
        assert char not in plain + page + str(message["Subject"])
    body = webhook.story_event(alert.changes[0], alert, "hook", IT, make.NOW)
    assert len(body) < 20_000
    if title.startswith("{0"):
        assert "{0.__class__} {{7*7}} %s ' OR 1=1 --" in " ".join(plain.split())


def test_nothing_in_the_html_is_loaded_from_outside() -> None:
    page = html.render(letter())
    assert "src=" not in page
    assert "url(" not in page
    assert "@import" not in page


# ---------------------------------------------------------------------------------------------- mail


def test_headers_let_mail_programs_thread_filter_and_not_answer() -> None:
    message = parsed(replies_to=("dlv-0",), list_name="Avvisi", unsubscribe="https://example.org/off")
    assert message["Message-ID"] == "<dlv-1@example.org>"
    assert message["In-Reply-To"] == message["References"] == "<dlv-0@example.org>"
    assert message["List-Id"] == "Avvisi <desk.coopwatch.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<https://example.org/off>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"].datetime == make.NOW
    assert all(len(message.get_all(name)) == 1 for name in set(message.keys()))


def test_the_same_alert_gives_the_same_bytes() -> None:
    envelope = mail.Envelope("dlv-1", "desk", "bot@example.org", "desk@example.org", "example.org")
    assert mail.render(letter(), envelope, make.NOW) == mail.render(letter(), envelope, make.NOW)


def test_no_header_begins_with_an_empty_line() -> None:
    """Python's own folding puts a subject of 70 to 77 letters under a bare "Subject:"."""
    for size in range(60, 140):
        envelope = mail.Envelope("dlv-1", "desk", "bot@example.org", "desk@example.org", "example.org")
        made = mail.render_document(("ab cd " * 30)[:size].strip(), "text", "<p>text</p>", (), envelope, make.NOW)
        head = made.partition(b"\r\n\r\n")[0]
        assert b":\r\n" not in head, size
        assert max(map(len, head.split(b"\r\n"))) < 100


def test_lines_stay_short_and_non_ascii_is_encoded() -> None:
    wide = make.report(1, title="中华人民共和国" * 400, announcement=make.announcement(quote="Соглашение " * 300))
    alert = make.alert(make.change(make.story(wide, parties=(Party("org.x", "o", None, "Перу" * 40), make.ITALY))))
    envelope = mail.Envelope(
        "dlv-1", "desk", "Redazione è <bot@example.org>", "Ångström <a@example.org>", "example.org"
    )
    raw = mail.render(letter(alert), envelope, make.NOW)
    head = raw.split(b"\r\n\r\n")[0]
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert max(len(line) for line in head.split(b"\r\n")) <= 78
    raw.decode("ascii")
    again = email.message_from_bytes(raw, policy=email.policy.default)
    assert "Перу" in again["Subject"]
    assert again.defects == []


# ---------------------------------------------------------------------------------------------- webhook


def test_event_type_and_change_tell_new_from_moved() -> None:
    def event(**changes: object) -> tuple[str, object]:
        change = make.change(**changes)
        whole = json.loads(webhook.story_event(change, make.alert(change), "hook", IT, make.NOW))
        return whole["type"], whole["data"]["change"]

    before = make.story(stage=Stage.ANNOUNCED)
    suspended = make.report(announcement=make.announcement(stage=Stage.SUSPENDED))
    assert event() == ("story.new", None)
    assert event(novelty=Novelty.UNSURE) == ("story.new", None)
    assert event(novelty=Novelty.NEW_STAGE, before=before) == ("story.updated", "stage")
    assert event(novelty=Novelty.KNOWN, change=Change.RETRACTED) == ("story.updated", "retracted")
    assert event(novelty=Novelty.NEW_STAGE, report=suspended) == ("story.updated", "stage")


def test_an_event_of_a_story_with_hundreds_of_sources_stays_under_20_kb() -> None:
    reports = tuple(
        make.report(n % 15, article_id=f"x{n}", title="题" * 300, url="https://news.example/" + "p" * 1500)
        for n in range(300)
    )
    change = make.change(make.story(*reports))
    body = webhook.story_event(change, make.alert(change), "hook", IT, make.NOW)
    assert len(body) < 20_000
    assert json.loads(body)["data"]["story"]["sources_total"] == 300


def test_times_in_events_are_utc() -> None:
    whole = json.loads(webhook.story_event(make.change(), make.alert(), "hook", IT, make.NOW))
    assert whole["timestamp"] == "2026-03-05T10:00:00Z"


# ---------------------------------------------------------------------------------------------- what is off


def test_an_article_that_takes_its_act_back_is_named_as_it_reads_now() -> None:
    gone = make.report(1, reason=Reason.DENIED, title="Altre notizie", announcement=make.announcement(quote=""))
    before = make.story()
    change = make.change(
        make.story(make.report(1), gone),
        novelty=Novelty.NEW_STAGE,
        change=Change.RETRACTED,
        before=before,
        report=gone,
    )
    said = text.render(letter(make.alert(change)))
    assert "Altre notizie" in said
    assert "(1)" not in said, "the title that told it"
    assert "non ne parla più" in said
    assert IT.text("label.independence") not in said


def test_a_correction_says_what_was_told() -> None:
    three = make.announcement(parties=(make.ITALY, make.CHINA, make.FRANCE))
    now_it_is = make.report(1, announcement=three)
    change = make.change(
        make.story(make.report(1), now_it_is, parties=three.parties),
        novelty=Novelty.KNOWN,
        change=Change.CORRECTION,
        before=make.story(),
        report=now_it_is,
    )
    said = " ".join(text.render(letter(make.alert(change), "en")).split())
    assert "Told so far: Italy and China: agreement signed" in said


def test_a_suspension_is_headed_by_the_suspension() -> None:
    stopped = make.report(2, reason=Reason.SUSPENDED)
    change = make.change(novelty=Novelty.NEW_STAGE, change=Change.STAGE, before=make.story(), report=stopped)
    assert "sospeso un accordo" in letter(make.alert(change)).subject
