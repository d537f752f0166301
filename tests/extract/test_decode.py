"""Which charset a page is read in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.extract.decode import decode

ITALIAN = "Perché la città è già più vicina – «dell’università»"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (ITALIAN.encode(), "text/html", ITALIAN),
        (ITALIAN.encode(), "text/html; charset=iso-8859-1", ITALIAN),  # a server's default does not beat what decodes
        (b"\xef\xbb\xbf" + ITALIAN.encode(), "", ITALIAN),
        (b"\xff\xfe" + ITALIAN.encode("utf-16-le"), "text/html; charset=utf-8", ITALIAN),
        (ITALIAN.encode("cp1252"), "text/html; charset=ISO-8859-1", ITALIAN),
        (b"<p>a plain page in English before it</p>" + ITALIAN.encode("cp1252"), "text/html", ITALIAN),
        (
            b'<meta charset="windows-1251">' + "Соглашение о сотрудничестве".encode("cp1251"),
            "",
            "Соглашение о сотрудничестве",
        ),
        (b'<meta charset="gb2312">' + "中俄签署合作備忘录镕".encode("gb18030"), "", "中俄签署合作備忘录镕"),
        ("Россия и Китай".encode("koi8-r"), "text/html; charset=koi8-r", "Россия и Китай"),
        ("日本と中国".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", "日本と中国"),
        (
            b'<html lang="pl">' + "Współpraca międzynarodowa, umowę podpisano".encode("cp1250"),
            "",
            "Współpraca międzynarodowa",
        ),
        ("<html><head><title>x</title>".encode("utf-16-le"), "", "<title>x</title>"),
    ],
)
def test_the_declared_charset_is_used_and_utf_8_before_it(body: bytes, content_type: str, expected: str) -> None:
    assert expected in decode(body, content_type)


def test_one_bad_byte_does_not_garble_a_utf_8_page() -> None:
    body = ITALIAN.encode() + b" caff\xe8 " + ITALIAN.encode()
    assert decode(body, "text/html; charset=utf-8") == f"{ITALIAN} caffè {ITALIAN}"


def test_an_undeclared_chinese_page_is_recognised() -> None:
    text = "中国和俄罗斯签署了一项关于人工智能合作的谅解备忘录,双方将成立专家委员会。" * 5
    assert decode(f"<p>{text}</p>".encode("gb18030"), "text/html").count("谅解备忘录") == 5


def test_a_false_declaration_does_not_lose_the_page() -> None:
    text = "<p>" + "Perché l'università è così città già più. " * 20 + "</p>"
    assert "università" in decode(text.encode("cp1252"), "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "label", ["rot13", "hex", "zip", "punycode", "idna", "undefined", "x" * 40, "utf-7", "unicode_escape"]
)
def test_labels_that_are_no_charset_of_the_web_do_no_harm(label: str) -> None:
    assert "citt" in decode("città".encode("cp1252"), f"text/html; charset={label}")


@settings(deadline=None)
@given(st.binary(max_size=4000), st.text(max_size=60))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)


def test_ten_megabytes_take_linear_time() -> None:
    for unit in (b"\xe8", b"<", b"<meta ", b"\xe8a", b"<!"):
        began = time.perf_counter()
        decode(unit * (5_000_000 // len(unit)), "")
        assert time.perf_counter() - began < 5
