"""What is sealed opens only with the right key, for the right purpose, in time."""

from typing import Any

import pytest

from accounts.sealing import Unreadable, seal, unseal


def test_what_is_sealed_opens_again() -> None:
    assert unseal(seal("secret", purpose="a"), purpose="a") == "secret"


def test_another_purpose_or_key_opens_nothing(settings: Any) -> None:
    sealed = seal("secret", purpose="a")
    with pytest.raises(Unreadable):
        unseal(sealed, purpose="b")
    settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable):
        unseal(sealed, purpose="a")


def test_an_old_key_still_opens_while_it_is_a_fallback(settings: Any) -> None:
    sealed = seal("secret", purpose="a")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert unseal(sealed, purpose="a") == "secret"
    assert sealed != seal("secret", purpose="a")


@pytest.mark.parametrize("altered", ["", "x", "gAAAAA", "\u0430"])
def test_what_is_not_ours_is_unreadable(altered: str) -> None:
    with pytest.raises(Unreadable):
        unseal(altered, purpose="a")
