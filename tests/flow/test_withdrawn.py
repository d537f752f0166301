"""What was told and is off, or was wrong: said at once to those who were told and to nobody else, with the installed
command. Each act stands for one way in which an act is taken back; all are told by the first run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.flow.world import Story, World, world

FIRST = "Sat, 21 Nov 2026 10:00:00 GMT"
LATER = "Sat, 21 Nov 2026 15:00:00 GMT"
SUNDAY = "Sun, 22 Nov 2026 09:00:00 GMT"


def signed(key: str, title: str, first: str, second: str) -> Story:
    """An article that reports an act, long enough to be read as a page."""
    return Story(key, title, f"{first}\n{second}\nI due governi si incontreranno ogni anno per fare il punto.", FIRST)


def after(key: str, title: str, first: str, date: str = LATER) -> Story:
    """An article of another outlet about an act."""
    more = "La notizia era stata diffusa nei giorni scorsi e ripresa da molti giornali e siti di tutta Europa."
    return Story(key, title, f"{first}\n{more}", date)


TOLD = {
    "denied": signed(
        "denied",
        "Italia e Giappone firmano un accordo sui vulcani",
        "Italia e Giappone hanno firmato oggi a Roma un accordo sullo studio dei vulcani sottomarini.",
        "L'accordo sui vulcani sottomarini prevede una rete di sensori nel Tirreno e al largo di Honshu.",
    ),
    "suspended": signed(
        "suspended",
        "Francia e Brasile firmano un accordo sui satelliti",
        "Francia e Brasile hanno firmato un accordo sui satelliti per la sorveglianza delle foreste.",
        "L'accordo sui satelliti prevede due lanci dalla base di Kourou entro quattro anni.",
    ),
    "recanted": signed(
        "recanted",
        "Spagna e Cile firmano un memorandum sul litio",
        "Spagna e Cile hanno firmato un memorandum d'intesa sulla raffinazione del litio.",
        "Il memorandum prevede uno stabilimento ad Antofagasta con capitali dei due Paesi.",
    ),
    "silent": signed(
        "silent",
        "Grecia ed Egitto firmano un accordo sui porti",
        "Grecia ed Egitto hanno firmato ad Atene un accordo sulla cooperazione tra i porti.",
        "L'accordo sui porti prevede una linea di traghetti tra il Pireo e Alessandria.",
    ),
    "joined": signed(
        "joined",
        "Germania e Kenya firmano un accordo sull'idrogeno",
        "Germania e Kenya hanno firmato a Nairobi un accordo sulla produzione di idrogeno verde.",
        "L'accordo sull'idrogeno prevede un impianto geotermico nella Rift Valley.",
    ),
    "typo": signed(
        "typo",
        "Polonia e Canada firmano un acordo sui reattori",
        "Polonia e Canada hanno firmato un accordo sui piccoli reattori nucleari.",
        "L'accordo sui reattori prevede la formazione di duecento tecnici.",
    ),
}
DENIAL = after(
    "denial",
    "Tokyo smentisce l'accordo con l'Italia sui vulcani",
    "Il governo giapponese ha smentito di aver firmato un accordo sui vulcani sottomarini con l'Italia.",
)
AGAIN = after(
    "denial-again",
    "Accordo sui vulcani, il Giappone smentisce la firma con l'Italia",
    "Il Giappone ha smentito di aver firmato con l'Italia l'accordo sullo studio dei vulcani sottomarini.",
    SUNDAY,
)
SUSPENSION = after(
    "suspension",
    "Francia e Brasile sospendono l'accordo sui satelliti",
    "Francia e Brasile hanno sospeso l'accordo sui satelliti per la sorveglianza delle foreste.",
)
UNKNOWN = after(
    "unknown",
    "Lima smentisce l'accordo con la Norvegia sulla pesca",
    "Il governo peruviano ha smentito di aver firmato un accordo sulla pesca con la Norvegia.",
)
EDITED = {
    "recanted": replace(
        TOLD["recanted"],
        title="Rettifica: Spagna e Cile non hanno firmato un memorandum sul litio",
        text="Spagna e Cile non hanno firmato un memorandum d'intesa sul litio, contrariamente a quanto scritto qui.\n"
        "Ce ne scusiamo con i lettori e con le ambasciate dei due Paesi, che ci hanno segnalato l'errore.",
    ),
    "silent": replace(
        TOLD["silent"],
        title="Atene, il ministro dei Trasporti in visita alla fiera",
        text="Il ministro greco dei Trasporti ha visitato ieri la fiera del mare e ha incontrato gli armatori.\n"
        "Al centro dei colloqui il prezzo del carburante e i collegamenti con le isole durante l'inverno.\n"
        "Una versione precedente di questo articolo conteneva notizie non verificate, che abbiamo tolto.",
    ),
    "joined": replace(
        TOLD["joined"],
        title="Germania, Kenya e Norvegia firmano un accordo sull'idrogeno",
        text=TOLD["joined"].text.replace("Germania e Kenya hanno", "Germania, Kenya e Norvegia hanno"),
    ),
    "typo": replace(TOLD["typo"], title="Polonia e Canada firmano un accordo sui reattori"),
}
ROUTES = """
[[routes]]
name = "desk"
channel = "email"
to = ["desk@example.org"]
smtp = {{ host = "127.0.0.1", port = {mail}, starttls = "none" }}
[[routes]]
name = "hook"
channel = "webhook"
url = "{base}/hook"
secret_file = "hook.secret"
[[routes]]
name = "norway"
channel = "webhook"
url = "{base}/norway"
secret_file = "hook.secret"
match = [{{ principals = ["NO"] }}]
"""


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory, forms_cache: Path) -> Iterator[tuple[World, list[int]]]:
    """The world after three runs, and how many webhooks there were after each."""
    with world(tmp_path_factory.mktemp("withdrawn")) as made:
        made.use_cache(forms_cache)
        made.configure(routes=ROUTES.format(mail=made.mail_port, base=made.base))
        counts = []
        made.stories = list(TOLD.values())
        for more in ([], [DENIAL, SUSPENSION, UNKNOWN], [AGAIN]):
            if counts:
                time.sleep(1.3)  # the feed's own interval
                made.stories = [EDITED.get(story.key, story) for story in made.stories] + more
            done = made.run("once", "--json")
            assert done.returncode == 0, done.stderr
            counts.append(len(made.hooks))
        yield made, counts


def updates(rounds: tuple[World, list[int]], route: str = "hook") -> list[dict[str, Any]]:
    """What a route was sent by the second run, and by which article."""
    made, counts = rounds
    found = [event for event in made.events[counts[0] : counts[1]] if event["data"]["route"] == route]
    return [
        event["data"] | {"type": event["type"], "key": event["data"]["article"]["url"].rsplit("/", 1)[1]}
        for event in found
    ]


@pytest.mark.long
def test_the_first_run_tells_each_act_once_to_the_routes_that_it_concerns(rounds: tuple[World, list[int]]) -> None:
    made, counts = rounds
    first = made.events[: counts[0]]
    assert {event["type"] for event in first} == {"story.new"}
    assert [event["data"]["route"] for event in first] == ["hook"] * len(TOLD)


@pytest.mark.parametrize(
    ("key", "change"),
    [("denial", "disputed"), ("suspension", "stage"), ("recanted", "retracted"), ("silent", "retracted")],
)
def test_what_is_off_is_told_as_an_update_of_the_story(rounds: tuple[World, list[int]], key: str, change: str) -> None:
    made, counts = rounds
    told = {"denial": "denied", "suspension": "suspended"}.get(key, key)
    (opened,) = [e["data"] for e in made.events[: counts[0]] if e["data"]["article"]["url"].endswith(f"/{told}")]
    (update,) = [each for each in updates(rounds) if each["key"] == key]
    assert (update["type"], update["change"]) == ("story.updated", change)
    assert update["story"]["id"] == opened["story"]["id"]


def test_a_party_that_was_left_out_is_a_correction_and_news_to_the_route_that_waits_for_it(
    rounds: tuple[World, list[int]],
) -> None:
    (known,) = [each for each in updates(rounds) if each["key"] == "joined"]
    assert (known["type"], known["change"]) == ("story.updated", "correction")
    assert {party["id"] for party in known["story"]["parties"]} == {"DE", "KE", "NO"}
    assert [each["key"] for each in updates(rounds, "norway")] == ["joined"]


def test_a_mended_typo_and_the_denial_of_an_unknown_act_tell_nobody(rounds: tuple[World, list[int]]) -> None:
    assert {each["key"] for each in updates(rounds)} == {"denial", "suspension", "recanted", "silent", "joined"}


def test_a_second_outlet_with_the_same_denial_tells_nothing(rounds: tuple[World, list[int]]) -> None:
    made, counts = rounds
    assert counts[2] == counts[1]
    assert len(made.mails) == len(TOLD) + 5


def test_the_mail_answers_the_one_that_told_the_act_and_says_what_is_off(rounds: tuple[World, list[int]]) -> None:
    made, _ = rounds
    subjects = [str(mail["Subject"]) for mail in made.mails[len(TOLD) :]]
    assert sorted(subject.strip().split(".")[0] for subject in subjects) == [
        "Correzione",
        "Smentita",
        "Smentita",
        "Smentita",
        "Sospensione",
    ]
    first = {str(mail["Message-ID"]) for mail in made.mails[: len(TOLD)]}
    assert {str(mail["In-Reply-To"]) for mail in made.mails[len(TOLD) :]} <= first
    (gone,) = [mail for mail in made.mails[len(TOLD) :] if "Grecia" in str(mail["Subject"])]
    text = gone.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "non ne parla più" in text
    assert "hanno firmato ad Atene" not in text, "the sentence that proved it is no longer there"
