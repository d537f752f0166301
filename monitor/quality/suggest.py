"""What further documents could add to the rules: unknown names as entities to paste, and what the rules saw in each document
as comments beside them. Pure; what the rules saw is handed in."""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitor.text import fold

_NAMES = 15  # a document's most frequent unknown names: more than a person would correct at a time
_WIDTH = 108


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that names two parties. ``rule`` found a report of an act in it, or is empty; ``refused`` is why that is no
    announcement."""

    text: str
    parties: tuple[str, ...]
    rule: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One document as the rules see it; parties, acts and instruments are ids as often as they stand."""

    name: str
    lang: str
    text: str
    parties: tuple[str, ...]
    acts: tuple[str, ...]
    instruments: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    connectors: frozenset[str] = frozenset()  # small words that names may hold: di, della, of
    common: frozenset[str] = frozenset()


def suggestion(documents: Sequence[Seen], is_known: Callable[[str], bool], taken: Collection[str]) -> str:
    """One entities file for all documents. ``is_known`` says that a name belongs to an entity already; ids of ``taken`` are
    not used again."""
    lines = [
        "# Paste into entities/ of your own rules folder, then: coopwatch rules check",
        "# Keep what is a party; correct kind, country and names; delete the rest. A person: kind: person, acts_for: ID.",
    ]
    entities: list[str] = []
    ids, names = set(taken), set[str]()
    for seen in documents:
        lines += ["", *_comments(seen)]
        every = unknown_names(seen.text, is_known, seen.connectors, seen.common)
        found = [(name, n) for name, n in every if fold(name) not in names]
        sure = [(name, n) for name, n in found if _is_a_name(name)][:_NAMES]
        doubtful = [name for name, _ in found if not _is_a_name(name)][:_NAMES]
        lines += _list("single words that may be names", doubtful)
        names |= {fold(name) for name, _ in sure}
        entities += [line for name, n in sure for line in _entity(name, n, seen, _new_id(name, ids))]
    return "\n".join([*lines, "", *(["entities:", *entities] if entities else ["entities: {}  # no unknown names"])])


def _comments(seen: Seen) -> Iterator[str]:
    yield f"# {seen.name} ({seen.lang})"
    for title, ids in (
        ("known parties", seen.parties),
        ("acts", seen.acts),
        ("instruments", seen.instruments),
    ):
        yield from _list(title, [f"{name} {n}" for name, n in Counter(ids).most_common(20)])
    for sentence in seen.sentences:
        if sentence.rule and not sentence.refused:
            yield f"# - an example for rule {sentence.rule}:"
            yield f"#   {_example(sentence, seen.lang)}"
    for sentence in seen.sentences:
        if sentence.refused:
            yield from _wrapped(f"refused as {sentence.refused} ({sentence.rule}): {sentence.text}")
    for sentence in seen.sentences:
        if not sentence.rule:
            yield from _wrapped(
                f"{', '.join(sentence.parties)} and no act that the rules know: if this reports one, add its words to "
                f"languages/{seen.lang}.yaml (adds: true): {sentence.text}"
            )


def _example(sentence: Sentence, lang: str) -> str:
    parties = ", ".join(sentence.parties)
    text = json.dumps(" ".join(sentence.text.split()), ensure_ascii=False)
    return f"- {{text: {text}, lang: {lang}, parties: [{parties}]}}"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    shown = ", ".join(items)
    if shown:
        yield from _wrapped(f"{title}: {shown}")


def _wrapped(text: str) -> list[str]:
    flat = " ".join(text.split())
    return textwrap.wrap(flat, _WIDTH, initial_indent="# - ", subsequent_indent="#   ", break_on_hyphens=False)


def _entity(name: str, times: int, seen: Seen, entity_id: str) -> Iterator[str]:
    shown = json.dumps(name, ensure_ascii=False)
    beside = Counter(p for s in seen.sentences if name in s.text for p in s.parties).most_common(3)
    near = f", beside {', '.join(p for p, _ in beside)}" if beside else ""
    source = json.dumps(seen.name.partition("_")[0].partition(".")[0], ensure_ascii=False)
    yield f"  {entity_id}:  # {'once' if times == 1 else f'{times} times'}{near}"
    yield f'    {{kind: organisation, names: {{"*": [{{text: {shown}, exact: true}}]}}, source: [{source}]}}'


def _new_id(name: str, ids: set[str]) -> str:
    base = "org." + (re.sub("[^a-z0-9]+", "-", fold(name).lower()).strip("-") or "name")
    made = next(each for each in (base, *(f"{base}-{n}" for n in range(2, 1000))) if each not in ids)
    ids.add(made)
    return made


def _is_a_name(name: str) -> bool:
    """Several words, or an acronym, or a capital within (OpenAI): else it may be any word with a capital."""
    return " " in name or (len(name) > 2 and any(c.isupper() for c in name[1:]))


def unknown_names(
    text: str,
    known: Callable[[str], bool],
    connectors: Collection[str] = (),
    common: Collection[str] = (),
    *,
    least: int = 2,
) -> list[tuple[str, int]]:
    """Capitalised word groups that no entity names, with how often they stand, the most frequent first. ``connectors`` may
    stand between two of their words. What the text also writes small, or doubles (Oh Oh), is no name."""
    counts: Counter[str] = Counter()
    for group in _groups(text, frozenset(connectors)):
        name = " ".join(group)
        is_doubled = len(group) > 1 and len({word.casefold() for word in group}) == 1
        if len(name) > 2 and not is_doubled and fold(name) not in common and not known(name):
            counts[name] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, n) for name, n in ranked if (n >= least or _is_a_name(name)) and name.lower() not in text]


def _groups(text: str, connectors: frozenset[str]) -> Iterator[list[str]]:
    for line in text.replace("’", "'").splitlines():  # a heading ends without a stop
        yield from _groups_of_line(line, connectors)


def _groups_of_line(line: str, connectors: frozenset[str]) -> Iterator[list[str]]:
    group: list[str] = []
    waiting: list[str] = []  # small words that belong to the name if a capital follows
    begins = True
    for word in [*line.split(), "."]:
        elided, _, bare = word.strip("«»“”\"'()[],;:.!?…–-").rpartition("'")
        cut_before = word[:1] in '«“"(['
        if bare[:1].isupper() and bare[:1].isalpha() and (group or elided or not begins):
            if cut_before and group:
                yield group
                group, waiting = [], []
            group += [*waiting, bare]
            waiting = []
        elif group and bare.lower() in connectors and word == bare:
            waiting.append(bare)
        elif group:
            yield group
            group, waiting = [], []
        if group and not waiting and word[-1:] in ',;:.!?…»”")]':
            yield group
            group = []
        begins = word[-1:] in ".!?…:"
