"""Letters for looking at: the hard cases of a mail, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from monitor.alert import compose, digest, notice, silence, words
from monitor.alert.digest import Alive, Item, Kind, Period
from monitor.alert.facts import Alert
from monitor.alert.letter import Letter, Reader
from monitor.config import MatchClause
from monitor.model import (
    ActType,
    Decision,
    Novelty,
    Owed,
    Party,
    ReadMethod,
    Reason,
    Sector,
    Stage,
    TargetState,
    Why,
)
from tests.alert import make
from tests.alert.make import NOW

READERS = {
    language: Reader("desk", words.load(language), ZoneInfo("Europe/Rome"), "https://watch.example.org")
    for language in words.languages()
}
LONG_NAMES = (
    "Organizzazione per la cooperazione internazionale nello sviluppo sostenibile dei bacini fluviali transfrontalieri",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH",
)


def plain() -> Alert:
    near = make.story(id="st-0", stage=Stage.ANNOUNCED, opened_at=NOW - timedelta(days=90))
    reports = (
        make.report(1),
        make.report(2, copy_of="article-1"),
        make.report(3, publisher_party="CN", lang="zh", feed_title="新华网", title="中意两国签署极地科研合作协议"),
    )
    change = make.change(make.story(*reports, nearest="st-0"), report=reports[0])
    mentions = (make.mention(parties=(make.FRANCE, make.CHINA)), make.mention(Reason.OPINION, type=ActType.CALL))
    return make.alert(change, known={"st-0": near}, mentions=mentions)


def foreign() -> Alert:
    """Chinese and Cyrillic."""
    said = make.announcement(
        type=ActType.JOINT_BODY,
        stage=Stage.LAUNCHED,
        parties=(make.RUSSIA, make.CHINA),
        quote="双方决定成立人工智能合作专家委员会，以推动两国在人工智能伦理治理、标准制定和产业应用方面的务实合作。"
        * 3,
        sectors=(Sector.AI_DIGITAL,),
        object="人工智能合作专家委员会",
    )
    chinese = make.report(
        1,
        lang="zh",
        feed_title="新华网",
        title="中俄关于建立人工智能合作专家委员会的联合声明在北京签署" * 3,
        announcement=said,
    )
    russian = make.report(
        2,
        lang="ru",
        feed_title="Российская газета",
        publisher_party="RU",
        title="Россия и Китай создают Экспертный совет по сотрудничеству в области искусственного интеллекта",
        announcement=said,
    )
    return make.alert(make.change(make.story(chinese, russian), report=chinese))


def thirty_sources() -> Alert:
    title = "Un titolo di giornale piuttosto lungo che racconta la firma dell'accordo tra i due governi, numero"
    reports = [make.report(n, title=f"{title} {n}", copy_of="article-1" if n % 3 == 0 else "") for n in range(1, 31)]
    return make.alert(make.change(make.story(*reports), report=reports[0]))


def twenty_acts() -> Alert:
    types, sectors = list(ActType), list(Sector)
    changes = []
    for n in range(20):
        quote = f"Nel corso del vertice è stato firmato il documento numero {n + 1}, che prevede una collaborazione."
        said = make.announcement(type=types[n % 8], sectors=(sectors[n % 14],), quote=quote)
        changes.append(make.change(make.story(make.report(1, announcement=said), id=f"st-{n}")))
    return make.alert(*changes)


def long_names_no_link() -> Alert:
    parties = tuple(Party(f"org.{n}", "organisation", None, name) for n, name in enumerate(LONG_NAMES))
    said = make.announcement(
        type=ActType.CALL, stage=Stage.LAUNCHED, parties=parties, claimed_by="org.0", object="x" * 180
    )
    bare = make.report(1, url="", title="", feed_title="", published_at=None, announcement=said)
    return make.alert(
        make.change(make.story(bare, may_belong_to="st-0"), novelty=Novelty.UNSURE),
        known={"st-0": make.story(id="st-0")},
        method=ReadMethod.SUMMARY,
    )


def denied() -> Alert:
    said = make.announcement(quote="«Nessun accordo è stato firmato», ha detto il portavoce del ministero.")
    report = make.report(2, reason=Reason.DENIED, title="Pechino smentisce l'intesa con Roma", announcement=said)
    return make.alert(make.change(make.story(make.report(1), report), novelty=Novelty.KNOWN, report=report))


def a_digest(reader: Reader) -> Letter:
    whys = (Why.NEW, Why.NEW_STAGE, Why.SOURCE, Why.NEAR_MISS, Why.TRIAL, Why.SILENCE)
    decisions = {Why.NEAR_MISS: Decision.NEAR, Why.SILENCE: Decision.SILENCED}
    items = []
    for n in range(1, 31):
        story = make.story(make.report(n), id=f"st-{n}", score=0.9 - n / 100)
        why = whys[n % 6]
        owed = Owed("desk", story.id, Stage.SIGNED, "", decisions.get(why, Decision.DIGEST), why, f"article-{n}")
        items.append(Item(owed, story))
    day = timedelta(days=1)
    mute = silence.new(MatchClause(types=("agreement",)), "Ada Rossi", "troppi uguali", NOW - day, NOW + 2 * day)
    alive = Alive(812, 121, ("3 fonti non rispondono da più di 6 ore: Gazzetta 1, Gazzetta 2, Gazzetta 3",))
    return digest.letter(Kind.DIGEST, Period(NOW - day, NOW, tuple(items), ((mute, 5),), 1, alive), reader)


def trouble(reader: Reader) -> Letter:
    state = TargetState("hook", "https://hooks.example/in/" + "x" * 90, 5, NOW, answer="500 boom")
    return notice.health_letter(*notice.target_trouble(notice.Event.CIRCUIT, state, reader), reader)


ALERTS: dict[str, Callable[[], Alert]] = {
    made.__name__: made for made in (plain, foreign, thirty_sources, twenty_acts, long_names_no_link, denied)
}
LETTERS: dict[str, Callable[[Reader], Letter]] = {
    **{name: lambda reader, made=made: compose.alert_letter(made(), reader, NOW) for name, made in ALERTS.items()},  # type: ignore[misc]
    "digest": a_digest,
    "trouble": trouble,
}
