"""What a document could add to the rules: names that nobody knows, as a file that loads."""

from __future__ import annotations

import pytest
import yaml

from monitor.quality.suggest import Seen, Sentence, suggestion, unknown_names


def names(text: str, *connectors: str) -> list[tuple[str, int]]:
    return unknown_names(text, lambda name: name == "Italia", connectors)


def test_names_that_no_entity_knows_are_counted() -> None:
    text = "Ieri la Fondazione Aurora ha firmato. La Fondazione Aurora e Italia lavorano insieme."
    assert names(text) == [("Fondazione Aurora", 2)]


def test_small_words_within_a_name_are_kept_and_those_after_it_are_not() -> None:
    assert names("Ieri l'Istituto di Fisica Boreale di notte ha aperto.", "di") == [("Istituto di Fisica Boreale", 1)]


@pytest.mark.parametrize(
    "text",
    ["Ride: Oh Oh che bello.", "La sua Intelligenza Artificiale è intelligenza artificiale.", "Domani una Vittoria."],
    ids=["doubled", "written small as well", "one word once"],
)
def test_what_is_no_name_is_left_out(text: str) -> None:
    assert names(text) == []


def test_a_heading_ends_a_name() -> None:
    assert names("Il futuro della IA\nNel documento la Fondazione Aurora firma.") == [("Fondazione Aurora", 1)]


def test_documents_share_one_file_and_no_id_stands_twice() -> None:
    sentence = Sentence("La Fondazione Aurora e l'Italia firmano un patto.", ("IT", "JP"), "instrument-signed")
    seen = Seen("005_a.txt", "it", sentence.text, ("IT",), ("act.sign",), (), (sentence,))
    other = Seen("006.txt", "it", "Ecco la FAB e la Fondazione Aurora.", (), (), (), ())
    text = suggestion([seen, other], lambda name: False, {"org.fab"})
    made = yaml.safe_load(text)["entities"]
    assert list(made) == ["org.fondazione-aurora", "org.fab-2"]
    assert made["org.fondazione-aurora"]["source"] == ["005"]
    assert "org.fondazione-aurora:  # once, beside IT, JP" in text
    example = next(line for line in text.splitlines() if "{text:" in line and line.startswith("#"))
    assert yaml.safe_load(example.removeprefix("#"))[0]["parties"] == ["IT", "JP"]


def test_a_document_without_unknown_names_makes_a_file_that_loads() -> None:
    assert yaml.safe_load(suggestion([Seen("x", "it", "", (), (), (), ())], lambda name: True, ()))["entities"] == {}
