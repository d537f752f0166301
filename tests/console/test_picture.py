"""The two pictures: nothing is lost in them, and hostile names stay text."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

from monitor.console.picture import Mark, heat_level, heat_table, month_ticks, shown_from, time_line

MONTHS = ("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic")
SVG = "{http://www.w3.org/2000/svg}"


def test_one_act_is_always_visible_and_the_most_is_darkest() -> None:
    assert [heat_level(n, 100) for n in (0, 1, 50, 100)] == [0, 1, 2, 5]
    assert [heat_level(n, 2) for n in (0, 1, 2)] == [0, 1, 2], "two acts are not a hot spot"


def test_every_pair_with_acts_is_linked_on_both_sides_of_the_table() -> None:
    svg = heat_table(
        [("IT", "Italia"), ("CN", "Cina"), ("RU", "Russia")], {("CN", "RU"): 4, ("IT", "CN"): 1}, {("CN", "RU"): "/x"}
    )
    tree = ElementTree.fromstring(svg)
    assert sorted(link.get("aria-label") or "" for link in tree.iter(f"{SVG}a")) == [
        "Cina – Italia: 1",
        "Cina – Russia: 4",
        "Italia – Cina: 1",
        "Russia – Cina: 4",
    ]


def test_hostile_names_are_text_in_the_picture() -> None:
    svg = heat_table([("X", '<script>alert("1")</script>'), ("Y", "b")], {("X", "Y"): 1}, {("X", "Y"): '"><script>'})
    assert "<script" not in svg
    ElementTree.fromstring(svg)


def test_acts_on_one_day_stand_apart() -> None:
    day = date(2026, 2, 5)
    marks = [Mark(day, "agreement", f"atto {n}", f"/stories/{n}") for n in range(3)]
    tree = ElementTree.fromstring(
        time_line(marks, date(2026, 1, 1), date(2026, 6, 1), [("agreement", "accordo")], MONTHS)
    )
    spots = {(circle.get("cx"), circle.get("cy")) for circle in tree.iter(f"{SVG}circle")}
    assert len(spots) == 3


def test_month_ticks_stay_few_over_years() -> None:
    assert month_ticks(date(2026, 1, 15), date(2026, 3, 2)) == [date(2026, 2, 1), date(2026, 3, 1)]
    assert len(month_ticks(date(2016, 1, 1), date(2026, 1, 1))) <= 13
    assert month_ticks(date(2026, 1, 15), date(2026, 1, 20)) == [date(2026, 1, 15)]


def test_the_time_line_begins_where_there_is_something_to_see() -> None:
    first, last = date(2025, 3, 10), date(2026, 3, 10)

    def begin(*days: date) -> date:
        return shown_from([Mark(day, "agreement", "atto", "/stories/1") for day in days], first, last)

    assert begin() == first
    assert begin(date(2025, 9, 20), date(2026, 3, 9)) == date(2025, 9, 13)
    assert begin(date(2026, 3, 9)) == date(2026, 2, 8), "acts of one week are not drawn a hand apart"
    assert begin(date(2025, 3, 11)) == first
