"""Lua scripts that run in a shard: each a file, known to Redis by its SHA-1."""

import hashlib
from functools import cached_property
from pathlib import Path

# Put before every script: a shard that lives another life than its caller believes answers nothing else.
PRELUDE = "if redis.call('GET', 'epoch') ~= ARGV[1] then return redis.error_reply('EPOCH is over') end\n"


class Script:
    """Its arguments begin at ARGV[2]; ARGV[1] is the epoch."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths

    @classmethod
    def beside(cls, module: str, *names: str) -> "Script":
        """The files `names`, one after the other, from the folder of `module` (its `__file__`)."""
        return cls(*(Path(module).parent / name for name in names))

    @cached_property
    def text(self) -> str:
        return PRELUDE + "".join(path.read_text() for path in self._paths)

    @cached_property
    def sha(self) -> str:
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def __repr__(self) -> str:
        return f"Script({self._paths[-1].name})"
