"""Draws growth as SVG that needs nothing else: a panel each for polls, matches and pages, a line each for what grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10

from bench.rows.growth import Point

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 300, 300, 48, 44, 44
_COLOURS = ("#0b63a5", "#b5471b")
_DECADES = (3, 4, 5, 6)
_PANELS = (("a poll", "poll_ms"), ("a match", "match_ms"), ("a page", "page_ms"))


def picture(growth: Mapping[str, Sequence[Point]]) -> str:
    """The three panels side by side; milliseconds upwards from zero, sizes by decades."""
    width = len(_PANELS) * _WIDTH
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" font-family="sans-serif" font-size="12" '
        'role="img" aria-label="CPU milliseconds of a poll, a match and a page over feeds and articles known">',
        f'<rect width="{width}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for number, (title, figure) in enumerate(_PANELS):
        lines.append(f'<g transform="translate({number * _WIDTH},0)">')
        lines += _panel(
            title, {name: [(p.size, getattr(p, figure)) for p in points] for name, points in growth.items()}
        )
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(title: str, lines: Mapping[str, Sequence[tuple[int, float]]]) -> list[str]:
    highest = max(value for points in lines.values() for _, value in points) * 1.25 or 1.0

    def x(size: float) -> float:
        return _LEFT + (log10(size) - _DECADES[0] + 0.3) / (len(_DECADES) - 0.4) * (_WIDTH - _LEFT - 12)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / highest * (_HEIGHT - _BOTTOM - _TOP)

    drawn = [f'<text x="{_LEFT}" y="16">ms of CPU {title}</text>']
    for step in range(5):
        value = highest * step / 4
        drawn.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 12}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.1f}</text>')
    for decade in _DECADES:
        drawn.append(
            f'<text x="{x(10**decade):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">10<tspan dy="-4" '
            f'font-size="9">{decade}</tspan></text>'
        )
    for number, (colour, (name, points)) in enumerate(zip(_COLOURS, lines.items(), strict=True)):
        path = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>' for size, value in points]
        drawn.append(f'<text x="{_LEFT + 90 * number}" y="34" fill="{colour}">{name} known</text>')
    return drawn
