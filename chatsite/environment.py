"""Reads the environment, and the .env file beside it, for the settings; nothing else in Chatsite looks there."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def _read_env_file(path: Path) -> None:
    """Takes NAME=value lines of a .env file for what the environment itself does not set."""
    for line in path.read_text().splitlines() if path.is_file() else []:
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


_read_env_file(Path(os.environ.get("ENV_FILE") or BASE_DIR / ".env"))


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_flag(name: str, default: bool = False) -> bool:
    return env(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def env_words(name: str, default: str = "") -> list[str]:
    """What is separated by spaces or commas."""
    return [word for word in env(name, default).replace(",", " ").split() if word]


def env_int(name: str, default: int) -> int:
    return int(env(name) or default)


def env_float(name: str, default: float) -> float:
    return float(env(name) or default)
