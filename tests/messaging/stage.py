"""A server for one test module, and people who have signed up once; each test takes their phones in hand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.client import Phone, Socket
from tests.server import Server, copy_template

Problem = dict[str, Any]
BOUNDLESS = {"SEND_RATE": "100000", "SEND_BURST": "100000"}


class Stage:
    """`stage.phone("anna")` speaks with Anna's token over connections of this test's own."""

    def __init__(self, template: Path, directory: Path, people: Sequence[str], **environment: str) -> None:
        copy_template(template, directory / "data")
        self.server = Server(directory / "data", directory / "server.log", **{**BOUNDLESS, **environment})
        self.server.start()
        self.tokens: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self._phones: dict[str, Phone] = {}
        try:
            self.sign_up(*people)
        except BaseException:
            self.server.kill9()
            raise

    def sign_up(self, *names: str) -> None:
        async def sign_up_all() -> None:
            for name in names:
                phone = Phone(self.server.url)
                await phone.sign_up(name)
                assert phone.token
                self.tokens[name] = phone.token
                self.ids[name] = (await phone.api("GET", "/me"))["user"]["id"]
                await phone.close()

        asyncio.run(sign_up_all())

    def phone(self, name: str) -> Phone:
        """One for each name and test. Who has not signed up has one without a token."""
        if name not in self._phones:
            phone = self._phones[name] = Phone(self.server.url)
            phone.token, phone.username = self.tokens.get(name), name
        return self._phones[name]

    async def second_phone(self, name: str) -> Phone:
        """Another device of the same person, newly logged in."""
        phone = self._phones[f"{name}'s second"] = Phone(self.server.url)
        await phone.log_in(name)
        return phone

    async def put_phones_away(self) -> None:
        for phone in self._phones.values():
            await phone.close()
        self._phones.clear()

    def stop(self) -> None:
        self.server.stop()
        log = self.server.log()
        assert "Traceback (most recent call last)" not in log, f"the server logged a traceback:\n{log}"


async def post_raw(phone: Phone, path: str, body: str | bytes) -> httpx.Response:
    """Anything at all as a JSON body."""
    headers = {"X-Session-Token": phone.token or "", "Content-Type": "application/json"}
    return await phone.http.post(f"/api/v1{path}", content=body, headers=headers)


def problem_of(response: httpx.Response) -> Problem:
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: Problem = response.json()
    assert {"type", "code", "title", "detail", "status"} <= problem.keys()
    assert problem["status"] == response.status_code
    return problem


async def is_alive(socket: Socket) -> bool:
    """Whether the socket still answers."""
    answer = await socket.call({"type": "heartbeat"})
    return bool(answer["type"] == "heartbeat")
