"""What counts as text: nothing that anybody may write takes long to check."""

import unicodedata

import pytest

from chatsite.core.errors import Invalid
from chatsite.core.text import clean_name, clean_text

TOWERS = {
    "marks out of order": "\u0301\u0323",
    "marks that fall apart into marks": "\u0f73",
    "high marks": "\U0001e94a\U0001e8d0",
}


@pytest.mark.parametrize("marks", TOWERS.values(), ids=TOWERS.keys())
@pytest.mark.parametrize("before", ["", "a", "a" * 17, "上海"])
def test_a_tower_of_marks_is_refused_before_it_is_sorted(marks: str, before: str) -> None:
    with pytest.raises(Invalid):
        clean_text(before + marks * 150_000)
    with pytest.raises(Invalid):
        clean_text(before + marks * 31)


def test_thirty_marks_on_a_letter_are_text() -> None:
    towers = ("a" + "\u0301\u0323" * 15) * 100
    assert clean_text(towers) == unicodedata.normalize("NFC", towers)


def test_a_name_of_marks_is_refused_however_long() -> None:
    with pytest.raises(Invalid):
        clean_name("a" + "\u0301\u0323" * 150_000, longest=60, field="name")


@pytest.mark.parametrize("text", ["tiếng Việt", "नमस्ते", "שָׁלוֹם", "한국어", "e\u0301"])
def test_what_people_write_is_kept_in_nfc(text: str) -> None:
    assert clean_text(unicodedata.normalize("NFD", text)) == unicodedata.normalize("NFC", text)
