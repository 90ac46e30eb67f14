"""What `manage.py check` tells an operator."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def _ids() -> set[str]:
    return {str(message.id) for message in run_checks() if str(message.id).startswith("chatsite.")}


def test_an_instance_as_it_comes_has_nothing_to_complain_about() -> None:
    assert _ids() == set()


def test_a_data_directory_that_others_may_enter_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o750)
    assert _ids() == {"chatsite.W001"}
    tmp_path.chmod(0o700)
    assert _ids() == set()


def test_debug_on_a_host_that_others_reach_is_an_error(settings: Settings) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert _ids() == set()
    settings.ALLOWED_HOSTS = ["localhost", "192.168.1.7"]
    assert _ids() == {"chatsite.E003"}


@pytest.mark.parametrize("host", ["chat.example.org", ".example.org", "93.184.215.14", "[2606:2800::1]"])
def test_a_public_host_without_https_is_told(settings: Settings, host: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost", host]
    assert _ids() == {"chatsite.W003"}
    settings.HTTPS = True
    assert _ids() == set()


@pytest.mark.parametrize("host", ["192.168.1.7", "10.0.0.2", "[fd00::1]", "laptop", "laptop.local", "chat.home.arpa"])
def test_a_host_of_the_home_network_needs_no_https(settings: Settings, host: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost", host]
    assert _ids() == set()


def test_any_host_is_told(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert _ids() == {"chatsite.W002"}


def test_an_old_sqlite_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 37, 2))
    assert _ids() == {"chatsite.E002"}


def test_many_processes_with_a_key_for_each_machine_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PROFILE = replace(settings.PROFILE, is_distributed=True)
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert _ids() == {"chatsite.W004"}
    monkeypatch.setenv("SECRET_KEY", "one for all")
    assert _ids() == set()


def test_a_key_of_a_push_service_that_is_none_is_told_at_the_start(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("{}")
    options = {"key": str(tmp_path / "key"), "key_id": "a", "team_id": "b", "topic": "c"}
    settings.PUSH_GATEWAYS = {
        "console": {"BACKEND": "notifications.gateways.console.ConsoleGateway"},
        "fcm": {"BACKEND": "notifications.gateways.fcm.FcmGateway", "OPTIONS": {"credentials": str(tmp_path / "key")}},
        "apns": {"BACKEND": "notifications.gateways.apns.ApnsGateway", "OPTIONS": options},
        "web": {"BACKEND": "notifications.gateways.web.WebGateway", "OPTIONS": {"private_key": "{}", "contact": "mailto:a@b.c"}},
    }
    told = [str(message.msg) for message in run_checks() if message.id == "chatsite.E004"]
    assert [text.split(" cannot")[0] for text in told] == ["Pushes by fcm", "Pushes by apns", "Pushes by web"]
