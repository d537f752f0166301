"""The commands for editors of rules: good and bad files of a site, over the shipped rules and stored articles."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from monitor.cli import main
from tests.cli.test_commands import Shell, shell
from tests.conftest import ROOT
from tests.flow.conftest import forms_cache, place
from tests.flow.world import Story, World

__all__ = ["forms_cache", "place", "shell"]  # fixtures

CONCEPT = "concepts:\n  act.seal: {kind: act, title: seal, stage: signed, tier: 1}\n"
WORDS = "language: it\nadds: true\nwords:\n  act.seal: {lemmas: [suggellare]}\n"
RULE = """\
rules:
- id: site-pact
  title: A pact is sealed
  description: Two parties seal a pact.
  when: {near: {acts: [seal], instruments: [mou]}}
  weight: 7
  examples:
    match: [{text: "Italia e Giappone hanno suggellato un memorandum d'intesa.", lang: it, parties: [IT, JP]}]
    no_match: ["La scuola apre."]
"""
BAD_RULES = """\
rules:
- {id: instrument-signed, enabled: flase}
- id: site-pact
  title: A pact is sealed
  description: Two parties seal a pact.
  when:
    near: {acts: [sgin], instruments: mou}
    partys: {min: 2}
  topics: [nowhere]
  examples: {match: ["Italia e Giappone firmano."], no_match: ["Piove."]}
"""
BAD_ENTITIES = """\
entities:
  org.aurora: {kind: organisatoin, names: {it: [Fondazione Aurora]}}
  org.boreale: {kind: organisation, names: {it: [Cina]}}
"""
# words that no dictionary holds, so that only a site's own can know them
JARGON = "language: it\nadds: true\nwords:\n  act.sign: {also: [zorblano]}\n  instrument.treaty: [quadrilampo]\n"
SEALED = Story(
    "sealed",
    "Italia e Giappone zorblano il quadrilampo sullo spazio",
    "Oggi a Tokyo Italia e Giappone zorblano il quadrilampo sullo spazio. La cerimonia è stata breve.",
)


@pytest.fixture
def site(place: World) -> Path:
    """A folder of the site's own, laid over the shipped rules."""
    folder = place.folder / "site"
    for name in ("announcements", "concepts", "entities", "languages"):
        (folder / name).mkdir(parents=True)
    config = place.folder / "coopwatch.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(f'"{ROOT / "rules"}"', f'["{ROOT / "rules"}", "site"]'), encoding="utf-8")
    return folder


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def fill(site: Path) -> None:
    write(site / "concepts/own.yaml", CONCEPT)
    write(site / "languages/it.yaml", WORDS)
    write(site / "announcements/own.yaml", RULE)


def test_a_site_adds_a_concept_with_its_words_and_a_rule_and_goes_back(shell: Shell, site: Path, place: World) -> None:
    before = json.loads(shell("rules", "check", "--json"))["ruleset"]
    fill(site)
    after = json.loads(shell("rules", "check", "--json"))
    assert (after["faults"], after["ruleset"] != before) == ([], True)
    kept = json.loads(shell("rules", "history", "--json"))
    assert [each["digest"] for each in kept] == [after["ruleset"], before]
    assert before in shell("rules", "history")
    assert str(site / "announcements/own.yaml") in shell("rules", "revert", before)
    assert not list(site.glob("*/*.yaml"))
    shell("rules", "revert", "ffff", code=2)
    assert f"ffff: no kept rule set; there are: {after['ruleset']}, {before}" in shell.err


def test_every_fault_of_a_site_is_listed_at_once_with_file_line_and_what_to_do(shell: Shell, site: Path) -> None:
    write(site / "announcements/own.yaml", BAD_RULES)
    write(site / "entities/own.yaml", BAD_ENTITIES)
    write(site / "languages/it.yaml", "language: it\nadds: true\nwords:\n  act.fly: [volare]\n")
    write(site / "concepts/own.yaml", "concepts: [\n")
    shell("rules", "check", code=2)
    for said in (
        "announcements/own.yaml:2: rules.0.enabled: Input should be a valid boolean",
        "entities/own.yaml:2: entities.org.aurora.kind: Input should be 'state', 'organisation'",
        "entities/own.yaml:3: 'cina' (it) is a word for CN and for org.boreale: keep one",
        "concepts/own.yaml:2: not YAML:",
    ):
        assert said in shell.err, shell.err
    (site / "concepts/own.yaml").unlink()  # what it would have defined is now known to be missing
    shell("rules", "check", code=2)
    for said in (
        "languages/it.yaml:4: words.act.fly: no file under concepts/ defines this concept",
        "announcements/own.yaml:3: rule site-pact names the topic nowhere, which no file defines",
        "announcements/own.yaml:3: rule site-pact: when.near.instruments: a list of ids, such as [sign, agree], not 'mou'",
        "announcements/own.yaml:3: rule site-pact: when.partys: unknown condition; there are field, near, parties",
    ):
        assert said in shell.err, shell.err


def test_an_example_that_fails_is_named_with_its_own_line_and_the_rule_that_has_its_words(
    shell: Shell, site: Path
) -> None:
    fill(site)
    text = RULE.replace("[seal]", "[sign]").replace("suggellato", "firmato").replace("weight: 7", "weight: 2")
    write(site / "announcements/own.yaml", text)
    shell("rules", "check", code=2)
    assert (
        "announcements/own.yaml:8: rule site-pact: its example must match and does not (instrument-signed" in shell.err
    )
    assert "give this rule more weight" in shell.err


@pytest.mark.long
def test_try_and_diff_show_what_stored_articles_would_newly_match(shell: Shell, place: World, tmp_path: Path) -> None:
    place.stories = [SEALED]
    shell("once", "--json")
    shipped, new = ROOT / "rules", tmp_path / "new"
    (new / "languages").mkdir(parents=True)
    write(new / "languages/it.yaml", JARGON)
    assert "1 of 1 article judged otherwise" in shell("rules", "try", str(new), "--since", "30d")
    whole = tmp_path / "whole"
    shutil.copytree(shipped, whole)
    write(whole / "concepts/own.yaml", CONCEPT)
    found = json.loads(shell("rules", "diff", str(shipped), str(whole), "--json"))
    assert found == {"articles": 1, "differences": []}
    shell("rules", "try", str(new), "--since", "a week", code=2)
    assert "--since a week: write a number of days or hours" in shell.err
    shell("rules", "try", str(new / "languages" / "it.yaml"), code=2)
    assert "is not a rules folder" in shell.err
    shell("rules", "try", str(new), "--on", str(tmp_path / "none.jsonl"), code=2)
    assert "none.jsonl: cannot be read" in shell.err


def test_forms_and_schema(shell: Shell, tmp_path: Path) -> None:
    assert "firmarono" in shell("rules", "forms", "firmare")
    assert "unterzeichnete" in shell("rules", "forms", "unterzeichnen", "--lang", "de")
    assert shell("rules", "forms", "zorblo").strip() == "zorblo"
    assert "list its forms under also" in shell.err
    shell("rules", "forms", "firmare", "--lang", "xx", code=2)
    assert "--lang xx: no file under languages/ has this language; there are de, en, es, fr, it, ru, zh" in shell.err
    assert main(["rules", "schema", str(tmp_path / "s")]) == 0
    (tmp_path / "file").touch()
    assert main(["rules", "schema", str(tmp_path / "file")]) == 2
    assert {path.name for path in (tmp_path / "s").iterdir()} == {
        f"rules-{kind}.schema.json" for kind in ("announcements", "concepts", "entities", "languages", "weights")
    }


FURTHER = {
    "005_tokyo.txt": """Italia e Giappone firmano un memorandum con la Fondazione Aurora Boreale
L'Istituto di Fisica del Mare Interno e la Fondazione Aurora Boreale hanno firmato un'intesa con il Giappone.
La FAB aprirà un ufficio a Tokyo. Italia e Giappone zorblano il quadrilampo.
""",
    "006.txt": """The Northern Tides Consortium and France launched a joint laboratory on Monday.
"It is a new beginning," said Jane Quibble of the Northern Tides Consortium.
""",
    "007 de.txt": """Deutschland und Japan haben am Montag eine Absichtserklärung unterzeichnet.
Das Küstenwerk Nordlicht beteiligt sich an dem Vorhaben in Tokio.
""",
}


@pytest.mark.long
def test_what_suggest_prints_of_further_documents_is_pasted_and_passes(
    shell: Shell, site: Path, tmp_path: Path
) -> None:
    files = [write(tmp_path / name, text) for name, text in FURTHER.items()]
    told = shell("rules", "suggest", *map(str, files))
    for said in (
        'text: "Fondazione Aurora Boreale", exact: true',
        'text: "Istituto di Fisica del Mare Interno", exact: true',
        'text: "Northern Tides Consortium", exact: true',
        'source: ["007 de"]',
        "an example for rule instrument-signed:",
        "IT, JP and no act that the rules know: if this reports one, add its words to languages/it.yaml (adds:",
    ):
        assert said in told, told
    write(site / "entities/suggested.yaml", told)
    assert "rule set" in shell("rules", "check")
    again = shell("rules", "suggest", *map(str, files))
    assert "entities: {}" in again, "what was pasted is known"
    shell("rules", "suggest", str(tmp_path / "none.txt"), code=2)
    assert "none.txt: cannot be read as text in UTF-8" in shell.err
