"""Lua scripts that run in a shard: each a file, known to Redis by its SHA-1."""

import hashlib
from functools import cached_property
from pathlib import Path

# Put before every script: a shard that lives another life than its caller believes answers nothing else.
PRELUDE = "if redis.call('GET', 'epoch') ~= ARGV[1] then return redis.error_reply('EPOCH') end\n"


class Script:
    """Its arguments begin at ARGV[2]; ARGV[1] is the epoch."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def beside(cls, module: str, name: str) -> "Script":
        """The file `name`, from the folder of `module` (its `__file__`)."""
        return cls(Path(module).parent / name)

    @cached_property
    def text(self) -> str:
        return PRELUDE + self._path.read_text()

    @cached_property
    def sha(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def __repr__(self) -> str:
        return f"Script({self._path.name})"
