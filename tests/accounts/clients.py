"""Clients of the tests: a mobile app that speaks docs/protocol.md, and small helpers."""

import json
from typing import Any, cast

from django.http import HttpResponse
from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery"


class App:
    """A mobile app: a token, no cookie, no Origin."""

    def __init__(self, **headers: str) -> None:
        self.token: str | None = None
        self.headers = headers

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """One request from a clean jar, so that no cookie can help."""
        headers = {**self.headers, **headers}
        if self.token:
            headers.setdefault("X-Session-Token", self.token)
        data = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        return cast("HttpResponse", Client().generic(method, path, data, content_type="application/json", headers=headers))

    def auth(self, method: str, path: str, body: Any = None) -> HttpResponse:
        """One request to the account API; keeps the token it hands out."""
        response = self.call(method, f"/api/auth/app/v1{path}", body)
        if response.content:
            self.token = json.loads(response.content).get("meta", {}).get("session_token", self.token)
        return response

    def sign_up(self, username: str, **more: Any) -> "App":
        response = self.auth("POST", "/auth/signup", {"username": username, "password": PASSWORD, **more})
        assert response.status_code == 200, response.content
        return self

    def log_in(self, username: str, password: str = PASSWORD) -> HttpResponse:
        return self.auth("POST", "/auth/login", {"username": username, "password": password})

    def me(self) -> HttpResponse:
        return self.call("GET", "/api/v1/me")


def person(username: str, **fields: Any) -> User:
    """An account, made straight in the database."""
    return User.objects.create_user(username, password=PASSWORD, **fields)


def browser(username: str, *, csrf: bool = False, headers: dict[str, str] | None = None) -> Client:
    """A browser that logged in through the login page."""
    client = Client(enforce_csrf_checks=csrf, headers=headers)
    client.get("/accounts/login/")
    form = {"login": username, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    response = client.post("/accounts/login/", form)
    assert response.status_code == 302, response.content
    return client


def told(response: Any) -> Any:
    """The JSON of an answer."""
    return json.loads(response.content)


def problem(response: Any) -> tuple[int, str, str | None]:
    """Status, code and field of a problem; fails when it is none."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = told(response)
    assert body["status"] == response.status_code
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    return body["status"], body["code"], body.get("field")
