from __future__ import annotations

import gzip
import zlib

import pytest

from monitor.fetch.decode import Decoder, coding_of
from monitor.fetch.failure import FailureKind, FetchFailed

TEXT = b"Italia e Cina firmano un accordo. " * 4000


def decoded(coding: str, body: bytes, size: int = 1000, limit: int = 1 << 20) -> bytes:
    decoder = Decoder(coding, limit)
    for start in range(0, len(body), size):
        decoder.feed(body[start : start + size])
    return decoder.finish()


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_gzip_deflate_and_raw_deflate_are_decoded_however_they_are_cut_up(size: int) -> None:
    raw = zlib.compressobj(wbits=-15)
    assert decoded("gzip", gzip.compress(TEXT), size) == TEXT
    assert decoded("deflate", zlib.compress(TEXT), size) == TEXT
    assert decoded("deflate", raw.compress(TEXT) + raw.flush(), size) == TEXT
    assert decoded("gzip", gzip.compress(TEXT) + gzip.compress(b"more"), size) == TEXT + b"more"


def test_padding_behind_a_gzip_stream_is_ignored() -> None:
    assert decoded("gzip", gzip.compress(TEXT) + b"\0" * 100) == TEXT


def test_a_stream_that_is_cut_is_an_error() -> None:
    with pytest.raises(FetchFailed) as failed:
        decoded("gzip", gzip.compress(TEXT)[:-30])
    assert failed.value.kind is FailureKind.CUT


def test_a_stream_that_is_damaged_or_no_stream_is_an_error() -> None:
    damaged = bytearray(gzip.compress(TEXT))
    damaged[len(damaged) // 2] ^= 0xFF
    for body in (bytes(damaged), TEXT):
        with pytest.raises(FetchFailed) as failed:
            decoded("gzip", body)
        assert failed.value.kind in (FailureKind.CODING, FailureKind.CUT)


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    assert len(decoded("", TEXT, limit=len(TEXT))) == len(TEXT)
    assert len(decoded("gzip", gzip.compress(TEXT), limit=len(TEXT))) == len(TEXT)
    for coding, body in (("", TEXT), ("gzip", gzip.compress(TEXT))):
        with pytest.raises(FetchFailed) as failed:
            decoded(coding, body, limit=len(TEXT) - 1)
        assert failed.value.kind is FailureKind.TOO_LARGE


def test_one_offered_coding_is_taken_and_nothing_else() -> None:
    assert [coding_of(value) for value in ("", "identity", "gzip", "X-GZIP", "deflate", "identity, gzip")] == [
        "", "", "gzip", "gzip", "deflate", "gzip",
    ]  # fmt: skip
    for value in ("gzip, gzip", "br", "zstd", "x-strange"):
        with pytest.raises(FetchFailed) as failed:
            coding_of(value)
        assert failed.value.kind is FailureKind.CODING


def test_what_unpacks_to_hundreds_of_times_its_size_is_left_at_once() -> None:
    decoder = Decoder("gzip", 1 << 30)
    with pytest.raises(FetchFailed) as failed:
        decoder.feed(gzip.compress(b" " * (64 << 20)))
    assert failed.value.kind is FailureKind.TOO_LARGE
    assert decoder.size < 2 << 20
    repeated = b"".join(b"<item><title>Notizia %d</title></item>" % number for number in range(60_000))
    assert decoded("gzip", gzip.compress(repeated), limit=1 << 30) == repeated
