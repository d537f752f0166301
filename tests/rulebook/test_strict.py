"""YAML that people write: what it would quietly get wrong is refused with file and line."""

from __future__ import annotations

import time

import pytest

from monitor.rulebook.strict import Document, parse


def said(text: str) -> list[str]:
    return [str(e) for e in parse(text.encode(), "r.yaml").errors]


def test_plain_values_come_through() -> None:
    document = parse(b"a: [x, 2, true, null]\nb: {c: 1.5}\n", "r.yaml")
    assert document.errors == []
    assert document.value == {"a": ["x", 2, True, None], "b": {"c": 1.5}}
    assert document.line(("b", "c")) == 2


def test_sec_10_a_python_tag_is_refused_with_its_line() -> None:
    faults = said("rules:\n- !!python/object/apply:os.system ['true']\n")
    assert faults
    assert faults[0].startswith("r.yaml:2: the tag ")


def test_sec_11_aliases_are_refused_and_a_bomb_costs_nothing() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    began = time.perf_counter()
    faults = said("\n".join(levels))
    assert time.perf_counter() - began < 2
    assert any("aliases are not allowed" in f for f in faults)
    assert faults[0].startswith("r.yaml:2:") or faults[0].startswith("r.yaml:1:")


def test_sec_11_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    assert said("a: 1\nb: 2\na: 3\n") == ["r.yaml:3: the key a stands here and on line 1: keep one"]


@pytest.mark.parametrize("word", ["NO", "yes", "on", "Off"])
def test_sec_11_norway_does_not_become_false(word: str) -> None:
    (fault,) = said(f"country: {word}\n")
    assert fault.startswith(f"r.yaml:1: {word} reads as a yes-or-no value")


def test_a_truncated_file_names_the_line() -> None:
    (fault,) = said("rules:\n- id: x\n  title: [a, b\n")
    assert fault.startswith("r.yaml:")
    assert "not YAML" in fault


def test_not_utf8_is_one_fault() -> None:
    (fault,) = parse(b"\xff\xfe\x00", "r.yaml").errors
    assert "not UTF-8" in str(fault)


def test_an_empty_file_is_nothing() -> None:
    assert parse(b"", "r.yaml") == Document("r.yaml", value=None)
