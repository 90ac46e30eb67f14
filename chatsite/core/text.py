"""What counts as text here: the rules of docs/protocol.md for messages, names and titles."""

import unicodedata

from chatsite.core.errors import Invalid

TEXT_MAX = 99_999
# Characters that turn or hide their surroundings: bidi controls, zero-width no-break space, line and paragraph separators.
_INVISIBLE = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u2028\u2029")
_MARKS_ON_A_NAMES_LETTER = 4
# Normalising sorts each run of combining marks in quadratic time: a long one would hold up the whole process for minutes. No language
# needs more than 30, says Unicode (UAX #15, Stream-Safe Text Format).
_MARKS_IN_A_RUN = 30
_MARKS = frozenset(
    mark for mark in map(chr, range(0x300, 0x20000)) if unicodedata.combining(unicodedata.normalize("NFD", mark)[0])
)


def clean_text(text: str, *, field: str = "text") -> str:
    """A message's text in NFC, 1 to 99,999 code points. Raises Invalid for anything the stores cannot keep."""
    if not text.isascii():
        if len(text) > 4 * TEXT_MAX:  # NFC never shortens by more than this; do not normalise megabytes to refuse them
            raise Invalid("At most %(count)s characters", field=field, count=f"{TEXT_MAX:,}")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid("Half of a surrogate pair stands alone", field=field) from None
        text = _in_nfc(text, field)
    if "\0" in text:
        raise Invalid("A NUL character", field=field)
    if not text or text.isspace():
        raise Invalid("Nothing but white space", field=field)
    if len(text) > TEXT_MAX:
        raise Invalid("At most %(count)s characters", field=field, count=f"{TEXT_MAX:,}")
    return text


def clean_name(name: str, *, longest: int, field: str) -> str:
    """A display name or title: NFC, one line, no control or direction characters, no towers of combining marks."""
    name = _in_nfc(" ".join(name.split()), field)
    if not name:
        raise Invalid("It cannot be empty", field=field)
    if len(name) > longest:
        raise Invalid("At most %(count)s characters", field=field, count=longest)
    marks = 0
    for character in name:
        category = unicodedata.category(character)
        if character in _INVISIBLE or category in {"Cc", "Cs", "Co", "Cn"}:
            raise Invalid("A character that cannot be shown", field=field)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _MARKS_ON_A_NAMES_LETTER:
            raise Invalid("Too many combining marks on one letter", field=field)
    return name


def _in_nfc(text: str, field: str) -> str:
    if _has_tower(text):
        raise Invalid("Too many combining marks on one letter", field=field)
    return unicodedata.normalize("NFC", text)


def _has_tower(text: str) -> bool:
    """Whether more than 30 marks follow each other. Every such run holds a place that is a multiple of 31: most texts show none there."""
    if _MARKS.isdisjoint(text[_MARKS_IN_A_RUN :: _MARKS_IN_A_RUN + 1]):
        return False
    run = 0
    for character in text:
        run = run + 1 if character in _MARKS else 0
        if run > _MARKS_IN_A_RUN:
            return True
    return False
