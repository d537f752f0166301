"""Passwords, sessions and the login rate, as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.console.auth import IDLE, LIFETIME, LOGIN_ATTEMPTS, LOGIN_WINDOW, Sessions, hash_password, password_matches

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_hashed_password_matches_only_itself() -> None:
    stored = hash_password("corretto cavallo")
    assert "cavallo" not in stored
    assert password_matches("corretto cavallo", stored)
    assert not password_matches("corretto asino", stored)


def test_a_plain_stored_password_matches_and_an_empty_one_never() -> None:
    assert password_matches("geheim", "geheim")
    assert not password_matches("", "")


def test_a_session_is_found_by_its_cookie_until_it_is_closed() -> None:
    sessions = Sessions()
    cookie, opened = sessions.open("anna", NOW)
    found = sessions.find(cookie, NOW + timedelta(hours=1))
    assert found is not None
    assert (found.user, found.csrf) == ("anna", opened.csrf)
    sessions.close(cookie)
    assert sessions.find(cookie, NOW) is None


def test_a_session_ends_when_idle_and_at_the_end_of_its_life() -> None:
    sessions = Sessions()
    idle, _ = sessions.open("anna", NOW)
    assert sessions.find(idle, NOW + IDLE + timedelta(seconds=1)) is None
    used, _ = sessions.open("anna", NOW)
    at = NOW
    while at < NOW + LIFETIME - IDLE:
        at += IDLE - timedelta(minutes=1)
        assert sessions.find(used, at) is not None
    assert sessions.find(used, NOW + LIFETIME + timedelta(seconds=1)) is None


def test_too_many_wrong_passwords_close_the_door_for_a_while() -> None:
    sessions = Sessions()
    for _ in range(LOGIN_ATTEMPTS):
        assert sessions.may_try(NOW)
        sessions.note_wrong(NOW)
    assert not sessions.may_try(NOW + timedelta(minutes=1))
    assert sessions.may_try(NOW + LOGIN_WINDOW + timedelta(seconds=1))
