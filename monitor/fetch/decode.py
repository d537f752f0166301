"""Decodes a body in bounded pieces: one coding at most, never more than the limit in memory, the end checked.

httpx would inflate a 1 MiB bomb to 63 MiB in its first chunk, and take a gzip stream that was cut for a whole one.
"""

from __future__ import annotations

import zlib

from monitor.fetch.failure import FailureKind, FetchFailed

_PIECE_BYTES = 256 * 1024  # most that one call of zlib may hand out
_BOMB_BYTES, _BOMB_RATIO = 512 * 1024, 200  # feeds and pages pack 4 to 50 times; gzip can 1,032 times
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _DEFLATE, _RAW_DEFLATE = 31, 15, -15  # zlib's wbits


def coding_of(header: str) -> str:
    """The one coding of a ``Content-Encoding`` header: ``""``, ``gzip`` or ``deflate``.

    Raises FetchFailed(CODING) for several codings (a double bomb) and for those that were not offered.
    """
    names = [name for name in (part.strip().lower() for part in header.split(",")) if name and name != "identity"]
    if len(names) > 1:
        raise FetchFailed(FailureKind.CODING, f"several content codings ({header[:80]}): refused before decoding")
    name = names[0].removeprefix("x-") if names else ""
    if name not in ("", "gzip", "deflate"):
        raise FetchFailed(FailureKind.CODING, f"content coding {names[0][:40]!r} was not offered")
    return name


class Decoder:
    """Collects one body. ``feed`` raises FetchFailed(TOO_LARGE or CODING), ``finish`` also FetchFailed(CUT)."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._coding, self._max = coding, max_bytes
        self._body = bytearray()
        self._inflater = zlib.decompressobj(_GZIP if coding == "gzip" else _DEFLATE) if coding else None
        self._fresh = True  # nothing inflated yet
        self._fed = 0
        self._held = b""

    def feed(self, chunk: bytes) -> None:
        """Takes bytes as they came over the wire."""
        if self._inflater is None:
            self._keep(chunk)
        elif chunk:
            self._inflate(chunk)

    @property
    def size(self) -> int:
        """Bytes decoded so far."""
        return len(self._body)

    def so_far(self) -> bytes:
        """What has been decoded, whole or not."""
        return bytes(self._body)

    def finish(self) -> bytes:
        """The whole body, decoded."""
        if self._inflater is not None and not self._inflater.eof and not (self._fresh and not self._held):
            raise FetchFailed(FailureKind.CUT, f"the {self._coding} stream ends before its end")
        return bytes(self._body)

    def _keep(self, piece: bytes) -> None:
        if len(self._body) + len(piece) > self._max:
            raise FetchFailed(FailureKind.TOO_LARGE, f"body larger than {self._max} bytes after decoding")
        self._body += piece

    def _inflate(self, data: bytes) -> None:
        self._fed += len(data)
        data, self._held = self._held + data, b""
        while True:
            assert self._inflater is not None
            if (self._fresh or self._inflater.eof) and len(data) < 2:
                self._held = data  # two bytes tell a header
                return
            if self._inflater.eof:  # bytes behind the end: another gzip member, or junk that is ignored
                if not data.startswith(_GZIP_MAGIC):
                    return
                self._inflater = zlib.decompressobj(_GZIP)
            elif self._fresh and self._coding == "deflate" and not _has_zlib_header(data):
                self._inflater = zlib.decompressobj(_RAW_DEFLATE)
            self._fresh = False
            try:
                piece = self._inflater.decompress(data, _PIECE_BYTES)
            except zlib.error as exc:
                raise FetchFailed(FailureKind.CODING, f"damaged {self._coding} stream: {exc}") from exc
            self._keep(piece)
            self._refuse_bomb(len(self._inflater.unconsumed_tail))
            data = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
            if not data and len(piece) < _PIECE_BYTES:
                return

    def _refuse_bomb(self, waiting_bytes: int) -> None:
        """A bomb is left at its first piece: who waits for the size limit lets the server push the whole of it."""
        taken = max(1, self._fed - waiting_bytes)
        if len(self._body) > _BOMB_BYTES and len(self._body) > _BOMB_RATIO * taken:
            raise FetchFailed(FailureKind.TOO_LARGE, f"unpacks to more than {_BOMB_RATIO} times its size")


def _has_zlib_header(data: bytes) -> bool:
    """Some servers send deflate without the zlib header that RFC 9110 8.4.1.2 asks for; RFC 1950 2.2 tells it."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
