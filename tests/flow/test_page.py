"""The operators' page of the real service: reached with the password it made, showing what it told, with figures."""

from __future__ import annotations

import http.client
import re
import urllib.parse

from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import Running, World, eventually, running


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body or None, {**form, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def port_of(service: Running) -> int:
    service.says("shows its page at")
    found = re.search(r"http://127\.0\.0\.1:(\d+)", "\n".join(service.lines))
    assert found is not None
    return int(found.group(1))


def test_the_page_of_a_running_service_shows_what_it_told_and_takes_a_judgement(place: World) -> None:
    place.configure(page=True)
    place.stories = [WEATHER, SIGNED]
    with running(place) as service:
        port = port_of(service)
        eventually(lambda: place.mails and place.hooks, "the story was told")
        file = place.folder / "state" / "console.password"
        assert file.stat().st_mode & 0o777 == 0o600
        password = file.read_text(encoding="utf-8").strip()
        assert ask(port, "GET", "/")[0] == 303
        status, headers, _ = ask(port, "POST", "/login", urllib.parse.urlencode({"password": password}))
        assert status == 303
        cookie = {"Cookie": headers["set-cookie"].split(";")[0]}
        page = ask(port, "GET", "/", **cookie)[2]
        story = re.search(r'href="/stories/([^"]+)"', page)
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert story is not None
        assert token is not None
        form = urllib.parse.urlencode({"verdict": "right", "csrf": token.group(1)})
        assert ask(port, "POST", f"/stories/{story.group(1)}/judge", form, **cookie)[0] == 303
        told = ask(port, "GET", f"/stories/{story.group(1)}", **cookie)[2]
        assert "desk@example.org" in told
        assert ask(port, "GET", "/sources", **cookie)[0] == 200
        eventually(
            lambda: 'coopwatch_deliveries_total{result="sent"} 2.0' in ask(port, "GET", "/metrics")[2], "it is counted"
        )
        figures = ask(port, "GET", "/metrics")[2]
        assert re.search(r'coopwatch_polls_total\{result="new"\} [1-9]', figures)
        assert password not in "\n".join(service.lines)
        assert password not in figures
        assert ask(port, "GET", "/readyz")[0] == 200


def test_a_taken_port_is_said_and_the_service_works_on(place: World) -> None:
    place.configure(page=True)
    place.stories = [SIGNED]
    path = place.folder / "coopwatch.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("port = 0", f"port = {place.web_port}"), encoding="utf-8")
    with running(place) as service:
        service.says("the page cannot listen")
        eventually(lambda: place.hooks, "the story was told")
