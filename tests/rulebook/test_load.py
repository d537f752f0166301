"""Rule folders to a rule set: every fault at once, layers, digest, forms, and no regular expressions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.errors import ConfigError, RuleErrors
from monitor.rulebook import load
from monitor.rulebook.history import history, keep, revert
from monitor.rulebook.jsonschemas import schemas
from monitor.rulebook.terms import braces

LANGUAGE = """\
language: it
name: italiano
function_words: [il, la, di]
words:
  act.sign: {lemmas: [firmare]}
  instrument.agreement: ["accord{o,i}"]
"""
CONCEPTS = """\
concepts:
  act.sign: {kind: act, stage: signed}
  instrument.agreement: {kind: instrument, type: agreement}
"""
ENTITIES = """\
entities:
  IT: {names: {it: [Italia]}}
  CN: {names: {it: [Cina]}, short: [RPC]}
"""
RULES = """\
rules:
- id: signed
  title: An agreement is signed
  description: Two parties sign an agreement.
  when: {near: {acts: [sign], instruments: [agreement]}}
  examples: {match: ["Italia e Cina firmano un accordo"], no_match: ["Piove"]}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    for name, text in (
        ("languages/it.yaml", LANGUAGE),
        ("concepts/all.yaml", CONCEPTS),
        ("entities/all.yaml", ENTITIES),
        ("announcements/all.yaml", RULES),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def faults(kept_forms: Path, *dirs: Path) -> str:
    with pytest.raises(RuleErrors) as caught:
        load(dirs, cache_dir=kept_forms)
    return str(caught.value)


def test_a_lemma_stands_for_all_its_forms(rules: Path, tmp_path: Path) -> None:
    ruleset = load([rules], cache_dir=tmp_path / "cache")
    forms = {t.cased: t.form for t in ruleset.terms if t.ref == "act.sign"}
    assert {"firmare", "firmarono", "firmata", "firmati"} <= forms.keys()
    assert forms["firmare"] == "infinitive"


def test_a_second_load_opens_no_dictionary_and_gives_the_same(rules: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load([rules], cache_dir=cache)
    (cache / "forms.json").write_text("{}")
    assert load([rules], cache_dir=cache) == first


def test_a_damaged_cache_is_only_a_cache(rules: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load([rules], cache_dir=cache)
    for path in cache.iterdir():
        path.write_text("not json")
    assert load([rules], cache_dir=cache) == first


def test_every_fault_is_reported_at_once_with_file_and_line(rules: Path, kept_forms: Path) -> None:
    (rules / "entities/bad.yaml").write_text("entities:\n  FR: {nmaes: {it: [Francia]}}\n", encoding="utf-8")
    (rules / "concepts/bad.yaml").write_text("concepts:\n  act.x: {kind: deed}\n", encoding="utf-8")
    message = faults(kept_forms, rules)
    assert "entities/bad.yaml:2: entities.FR.nmaes: unknown key" in message
    assert "concepts/bad.yaml:2:" in message


def test_an_alias_of_two_entities_is_refused(rules: Path, kept_forms: Path) -> None:
    (rules / "entities/more.yaml").write_text("entities:\n  TW: {names: {it: [Cina]}}\n", encoding="utf-8")
    assert "is a word for CN and for TW" in faults(kept_forms, rules)


def test_words_for_an_unknown_concept_are_refused(rules: Path, kept_forms: Path) -> None:
    (rules / "languages/it.yaml").write_text(LANGUAGE + "  act.fly: [volare]\n", encoding="utf-8")
    assert "it.yaml:7: words.act.fly: no file under concepts/ defines this concept" in faults(kept_forms, rules)


def test_sec_12_a_regular_expression_is_refused_at_load(rules: Path, kept_forms: Path) -> None:
    (rules / "languages/it.yaml").write_text(LANGUAGE + '  act.sign2: ["(a+)+$|[x]"]\n', encoding="utf-8")
    (rules / "concepts/more.yaml").write_text("concepts:\n  act.sign2: {kind: act}\n", encoding="utf-8")
    assert "no regular expressions" in faults(kept_forms, rules)


def test_a_short_name_must_be_exact(rules: Path, kept_forms: Path) -> None:
    (rules / "entities/more.yaml").write_text("entities:\n  US: {names: {it: [us]}}\n", encoding="utf-8")
    assert "shorter than three letters" in faults(kept_forms, rules)


def test_a_rule_without_counterexamples_is_refused(rules: Path, kept_forms: Path) -> None:
    text = RULES.replace(', no_match: ["Piove"]', "")
    (rules / "announcements/all.yaml").write_text(text, encoding="utf-8")
    assert "no_match: is missing" in faults(kept_forms, rules)


def test_a_later_folder_wins_and_can_switch_off(rules: Path, tmp_path: Path, kept_forms: Path) -> None:
    site = tmp_path / "site"
    (site / "entities").mkdir(parents=True)
    (site / "entities/own.yaml").write_text(
        "entities:\n  CN: {enabled: false}\n  IT: {names: {it: [Bel Paese]}}\n", encoding="utf-8"
    )
    ruleset = load([rules, site], cache_dir=kept_forms)
    assert "CN" not in ruleset.entities
    assert ruleset.entities["IT"].name == "Bel Paese"
    assert ruleset.digest != load([rules], cache_dir=kept_forms).digest


def laid_over(rules: Path, **files: str) -> Path:
    """A folder of the site's own beside ``rules``; ``entities="..."`` is written to entities/own.yaml."""
    site = rules.parent / "site"
    for kind, text in files.items():
        (site / kind).mkdir(parents=True, exist_ok=True)
        (site / kind / "own.yaml").write_text(text, encoding="utf-8")
    return site


def test_a_rule_a_topic_and_a_language_are_switched_off_by_their_id_alone(rules: Path, kept_forms: Path) -> None:
    (rules / "announcements/topics.yaml").write_text("topics:\n  it-cn: {title: t, pairs: [[IT, CN]]}\n")
    (rules / "languages/es.yaml").write_text(LANGUAGE.replace("language: it", "language: es"), encoding="utf-8")
    before = load([rules], cache_dir=kept_forms)
    site = laid_over(
        rules,
        announcements="rules:\n- {id: signed, enabled: false}\ntopics:\n  it-cn: {enabled: false}\n",
        languages="language: es\nenabled: false\n",
    )
    after = load([rules, site], cache_dir=kept_forms)
    assert (len(before.rules), len(before.topics), len(before.languages)) == (1, 1, 2)
    assert (len(after.rules), len(after.topics), len(after.languages)) == (0, 0, 1)
    assert not any("switched off" in warning for warning in after.warnings)


def test_a_concept_that_is_switched_off_keeps_its_id_and_loses_its_words(rules: Path, kept_forms: Path) -> None:
    after = load([rules, laid_over(rules, concepts="concepts:\n  act.sign: {enabled: false}\n")], cache_dir=kept_forms)
    assert "act.sign" in after.concepts
    assert not any(term.ref == "act.sign" for term in after.terms)


def test_switching_off_what_is_not_there_is_a_warning(rules: Path, kept_forms: Path) -> None:
    after = load(
        [rules, laid_over(rules, announcements="rules:\n- {id: singed, enabled: false}\n")], cache_dir=kept_forms
    )
    assert any("own.yaml:2: singed is switched off and no earlier folder has it" in w for w in after.warnings)


def test_words_of_a_site_join_the_shipped_ones(rules: Path, kept_forms: Path) -> None:
    site = laid_over(
        rules,
        languages="language: it\nadds: true\nwords:\n  act.sign: [siglare]\n",
        entities="entities:\n  CN: {adds: true, names: {it: [Celeste Impero]}, adjectives: {it: [cinese]}}\n",
    )
    after = load([rules, site], cache_dir=kept_forms)
    words = {t.cased for t in after.terms}
    assert {"firmarono", "siglare", "cina", "celeste impero", "cinese", "RPC"} <= words
    assert after.entities["CN"].name == "Cina"


def test_an_addition_to_nothing_is_refused(rules: Path, kept_forms: Path) -> None:
    site = laid_over(rules, entities="entities:\n  org.x: {adds: true, names: {it: [Ente Boreale]}}\n")
    assert "own.yaml:2: org.x adds to what no earlier file defines" in faults(kept_forms, rules, site)


def test_a_fault_keeps_the_lines_of_its_neighbours_and_is_told_once(rules: Path, kept_forms: Path) -> None:
    text = RULES.replace("rules:\n", "rules:\n- {id: broken, titel: x}\n") + "  topics: [nowhere]\n"
    (rules / "announcements/all.yaml").write_text(text, encoding="utf-8")
    (rules / "entities/more.yaml").write_text("entities:\n  DE: {nmaes: {}}\n", encoding="utf-8")
    (rules / "entities/persons.yaml").write_text(
        "entities:\n  P.x: {kind: person, acts_for: DE, names: {it: [Tizio Caio]}}\n", encoding="utf-8"
    )
    said = faults(kept_forms, rules)
    assert "all.yaml:2: rules.0.titel: unknown key" in said
    assert "all.yaml:3: rule signed names the topic nowhere" in said
    assert "acts for DE" not in said


def test_a_folder_that_looks_like_rules_is_named(rules: Path, kept_forms: Path) -> None:
    (rules / "announcement").mkdir()
    (rules / "announcement" / "own.yaml").write_text("rules: []\n", encoding="utf-8")
    assert any(
        "announcement: not read: rules stand in announcements, concepts" in w
        for w in load([rules], cache_dir=kept_forms).warnings
    )


def test_a_missing_folder_is_named(tmp_path: Path, kept_forms: Path) -> None:
    assert "does not exist" in faults(kept_forms, tmp_path / "none")


def test_braces_expand_and_unbalanced_ones_are_refused() -> None:
    assert braces("patt{o,i} chiar{o,i}") == ["patto chiaro", "patto chiari", "patti chiaro", "patti chiari"]
    for bad in ("a{b", "a}b", "{a,{b,c}}"):
        with pytest.raises(ValueError, match="brace"):
            braces(bad)


def test_a_bad_edit_is_taken_back(rules: Path, tmp_path: Path, kept_forms: Path) -> None:
    good = load([rules], cache_dir=kept_forms)
    keep([rules], good.digest, len(good.rules), tmp_path / "kept", datetime(2026, 3, 5, tzinfo=UTC))
    (rules / "entities/all.yaml").write_text("entities: {}\n", encoding="utf-8")
    (rules / "entities/new.yaml").write_text(ENTITIES, encoding="utf-8")
    changed, stays = revert([rules], good.digest[:6], tmp_path / "kept")
    assert stays == []
    assert {p.name for p in changed} == {"all.yaml", "new.yaml"}
    assert load([rules], cache_dir=kept_forms).digest == good.digest
    assert [k.digest for k in history(tmp_path / "kept")] == [good.digest]


def test_a_revert_leaves_shipped_rules_of_a_later_version_alone(rules: Path, tmp_path: Path, kept_forms: Path) -> None:
    site = laid_over(rules, entities="entities:\n  DE: {names: {it: [Germania]}}\n")
    kept, now = tmp_path / "kept", datetime(2026, 3, 5, tzinfo=UTC)
    keep([rules, site], load([rules, site], cache_dir=kept_forms).digest, 1, kept, now)
    digest = history(kept)[0].digest
    (rules / "entities/upgraded.yaml").write_text("entities: {}\n", encoding="utf-8")
    (site / "entities/own.yaml").unlink()
    assert revert([rules, site], digest, kept) == ([site / "entities/own.yaml"], [rules / "entities/upgraded.yaml"])
    with pytest.raises(ConfigError, match="made of more folders than rules_dir names now"):
        revert([rules], digest, kept)


def test_the_published_schemas_are_current(root: Path) -> None:
    for name, content in schemas().items():
        assert (root / "docs/schema" / name).read_text(encoding="utf-8") == content, "run: coopwatch rules schema"
        json.loads(content)


def test_the_shipped_rules_load_without_errors(rules_dir: Path, kept_forms: Path) -> None:
    ruleset = load([rules_dir], cache_dir=kept_forms)
    assert {"it", "en", "fr", "de", "es", "ru", "zh"} <= ruleset.languages.keys()
    assert {"IT", "CN", "RU", "NO"} <= ruleset.entities.keys()
