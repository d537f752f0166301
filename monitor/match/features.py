"""Evidence to named numbers for the scorer: what the article holds where, and what one frame says how.

Names are readable (``title.act.sign``, ``frame.time.future``): they are the keys of rules/weights.yaml. No feature here
depends on the language, the publisher or a word, only on concepts; monitor/match/stems.py adds the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from monitor.match.candidates import Candidate
from monitor.match.frames import crosses
from monitor.match.reading import Part, Reading

Features = dict[str, float]
_QUOTED = re.compile('["“”«»„「]')
# words that only serve rules and types: everyday words (centre, nations) from which the scorer would learn its articles
# by heart (unseen Chinese articles lost a tenth of their precision)
_HELPERS = frozenset(
    f"cue.{one}"
    for one in (
        "venue",
        "members",
        "labour",
        "nearly",
        "work",
        "bloc",
        "gang",
        "standing",
        "assembly",
        "beginning",
        "condemning",
        "arms",
    )
)


def of_article(reading: Reading, candidates: Sequence[Candidate]) -> Features:
    """What the article as a whole holds, whichever frame is judged."""
    out: Features = {}
    title = [p for p in reading.parts if p.rank == 0]
    lead = [p for p in reading.parts if 1 <= p.rank <= 2]
    rest = [p for p in reading.parts if p.rank > 2]
    for name, parts in (("title", title), ("lead", lead), ("rest", rest)):
        for ref in sorted({h[2].ref for p in parts for h in (*p.acts, *p.instruments, *p.cues)} - _HELPERS):
            out[f"{name}.{ref}"] = 1.0
    head = [m for p in (*title, *lead) for m in p.mentions]
    out[f"title.countries.{_upto(_countries(title), 3)}"] = 1.0
    out[f"head.countries.{_upto(_countries([*title, *lead]), 5)}"] = 1.0
    out["head.crosses"] = float(crosses(head))
    everywhere = Counter(m.entity.country for p in reading.parts for m in p.mentions if m.entity.country)
    out[f"all.countries.{_upto(len(everywhere), 7)}"] = 1.0
    size = len(reading.whole) - reading.text_at
    out["size." + ("none" if size <= 0 else "short" if size < 400 else "medium" if size < 1800 else "long")] = 1.0
    heading = reading.whole[: reading.text_at].strip()
    out["title.question"] = float("?" in heading or "？" in heading)
    out["title.quote"] = float(any(c in heading for c in '"“«‘:：|'))
    out["title.instrument"] = float(any(p.instruments for p in title))
    out["title.act"] = float(any(p.acts for p in title))
    out["title.crosses"] = float(crosses([m for p in title for m in p.mentions]))
    out["text.question"] = float(any(reading.whole[p.end - 1] in "?？" for p in (*lead, *rest[:10])))
    cues = Counter([h[2].ref for p in reading.parts for h in p.cues])
    out["many.conflict"] = min(1.0, cues["cue.conflict"] / 5)
    out["many.coop"] = min(1.0, (cues["cue.coop"] + cues["cue.joint"] + cues["cue.both"]) / 5)
    out["many.instruments"] = min(1.0, sum(len(p.instruments) for p in reading.parts) / 8)
    out["no.title"] = float(reading.text_at <= 2)
    refused = Counter(c.reason for c in candidates if c.reason)
    for reason in refused:
        out[f"refused.{reason}"] = 1.0
    able = [c for c in candidates if c.reason is None]
    out[f"able.{_upto(len({c.frame.part.rank for c in able}), 4)}"] = 1.0
    out["able.title"] = float(any(c.frame.part.rank == 0 for c in able))
    out["able.lead"] = float(any(1 <= c.frame.part.rank <= 2 for c in able))
    for name, ranks in (("headline", (0, 0)), ("opening", (1, 2))):
        for key in _told(name, [c for c in candidates if ranks[0] <= c.frame.part.rank <= ranks[1]]):
            out[key] = 1.0
    return {k: v for k, v in out.items() if v}


def _told(name: str, candidates: Sequence[Candidate]) -> list[str]:
    """What the headline (or the opening) tells by itself, whichever frame is judged in the end."""
    if not candidates:
        return [f"{name}.silent"]
    best = min(candidates, key=lambda c: (c.reason is not None, -c.frame.rule.weight))
    if best.reason is not None:
        return [f"{name}.refused.{best.reason}"]
    return [
        f"{name}.rule.{best.frame.rule.id}",
        f"{name}.time.{best.frame.time}",
        f"{name}.cast.{best.frame.cast.source}",
    ]


def of_frame(candidate: Candidate, reading: Reading) -> Features:
    """What one frame says; names begin with ``frame.``."""
    frame = candidate.frame
    part, cast = frame.part, frame.cast
    names = [
        f"rule.{frame.rule.id}",
        f"time.{frame.time}",
        f"place.{_place(part)}",
        f"cast.{cast.source}",
        f"parties.{_upto(len(cast.principals), 5)}",
        f"countries.{_upto(len(cast.countries), 4)}",
        f"distance.{_upto(frame.distance // 4, 5)}",
    ]
    if frame.act:
        names.append(frame.act[2].ref)
        names.append(f"{frame.act[2].ref}.{frame.time}")
    if frame.instrument:
        names.append(frame.instrument[2].ref)
    names += sorted(part.cue_names - _HELPERS)  # sorted: sums must not depend on hash order
    names += _around(candidate, reading)
    names += _shape(candidate, reading)
    for hit in (*part.acts, *part.instruments):
        if hit is not frame.act and hit is not frame.instrument:
            names.append(f"with.{hit[2].ref}")
    if _QUOTED.search(reading.whole, part.start, part.end):
        names.append("quotation")
    if any(m.standing == "against" for m in part.mentions):
        names.append("against")
    if any(not m.entity.country for m in cast.mentions):
        names.append("international")
    out = {f"frame.{n}": 1.0 for n in names}
    out["frame.linked"] = float(frame.is_linked)
    return {k: v for k, v in out.items() if v}


_NEAR_CHARS = 45


def _around(candidate: Candidate, reading: Reading) -> list[str]:
    """Cues by their place: ``inside`` stand between act and instrument ("approved the mandate for an agreement"),
    ``before`` and ``after`` within some six words of the frame."""
    frame = candidate.frame
    out = set()
    for start, end, term in frame.part.cues:
        if term.ref in _HELPERS:
            continue
        if frame.start <= start and end <= frame.end:
            out.add(f"inside.{term.ref}")
        elif 0 <= frame.start - end <= _NEAR_CHARS:
            out.add(f"before.{term.ref}")
        elif 0 <= start - frame.end <= _NEAR_CHARS:
            out.add(f"after.{term.ref}")
    if any(m.standing == "acts" and 0 <= frame.start - m.end <= 60 for m in frame.part.mentions):
        out.add("before.party")
    if any(0 <= m.start - frame.end <= 60 for m in frame.part.mentions):
        out.add("after.party")
    return sorted(out)


def _shape(candidate: Candidate, reading: Reading) -> list[str]:
    """How strong the frame is as a whole: a few conjunctions that say more than their parts."""
    frame = candidate.frame
    concepts = reading.concepts
    tier = concepts[frame.act[2].ref].tier if frame.act else 5
    out = []
    if frame.act and frame.instrument and frame.instrument[0] < frame.act[0]:
        out.append("backwards")
        if frame.act[0] - frame.instrument[1] <= 3:
            out.append("attributive")  # "the deal signed in Rome", "l'intesa siglata tra", "la convention, signée"
    if _is_pledge(candidate):
        out.append("pledge")
        out += [f"pledge.{c}" for c in ("cue.talks", "cue.coop") if c in frame.part.cue_names]
        if any(h[2].ref == "act.strengthen" for h in frame.part.acts):
            out.append("pledge.strengthen")
    done = "done" if frame.time in ("done", "agreed") else "open" if frame.time != "noun" else "noun"
    where = "title" if frame.part.rank == 0 else "lead" if frame.part.rank <= 2 else "rest"
    own = "own" if frame.cast.source == "sentence" else "lent"
    bad = any(c in _DOUBTFUL for c in frame.part.cue_names)
    out.append(f"shape.{min(tier, 5)}.{done}.{own}")
    out.append(f"shape.{where}.{done}.{own}.{'doubt' if bad else 'clean'}")
    out.append(f"shape.{tier}.{done}.{'doubt' if bad else 'clean'}")
    return out


_WORDS_ONLY = frozenset({"instrument.cooperation", "instrument.relations", "instrument.partnership"})


def _is_pledge(candidate: Candidate) -> bool:
    """Parties agree or commit to closer relations, and nothing in the sentence names an instrument (GUIDE.md: context)."""
    frame = candidate.frame
    if frame.act is None or frame.act[2].ref in ("act.sign", "act.create", "act.join", "act.renew", "act.in_force"):
        return False
    return all(h[2].ref in _WORDS_ONLY for h in frame.part.instruments)


_DOUBTFUL = frozenset(
    {
        "cue.negation",
        "cue.denied",
        "cue.conditional",
        "cue.intention",
        "cue.proposal",
        "cue.talks",
        "cue.mandate",
        "cue.suspended",
        "cue.expiry",
        "cue.anniversary",
        "cue.opinion",
        "cue.reaction",
        "cue.purchase",
        "cue.belligerents",
        "cue.domestic",
        "cue.sport",
        "cue.court",
    }
)


def _place(part: Part) -> str:
    rank = part.rank
    return "title" if rank == 0 else "1" if rank == 1 else "2" if rank == 2 else "3" if rank <= 5 else "6"


def _countries(parts: Sequence[Part]) -> int:
    return len({m.entity.country or m.principal for p in parts for m in p.mentions})


def _upto(number: int, most: int) -> str:
    return str(number) if number < most else f"{most}+"
