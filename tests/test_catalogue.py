"""Everything the server says to people can be said in Simplified Chinese."""

import gettext
import re

import pytest
from django.utils.translation import override

from chatsite.core.errors import Invalid, NotFound
from tests.catalogue import ROOT, asked_by_code, asked_by_templates, read_po, unformatted_refusals

FOLDER = ROOT / "locale/zh_Hans/LC_MESSAGES"


@pytest.fixture(scope="module")
def catalogue() -> dict[str, list[str]]:
    """The Chinese catalogue."""
    return read_po(FOLDER / "django.po")


def test_every_message_has_a_translation(catalogue: dict[str, list[str]]) -> None:
    asked = {*asked_by_code(), *asked_by_templates()}
    assert len(asked) > 200
    missing = sorted(asked - {said for said, translations in catalogue.items() if all(translations)})
    assert missing == [], "run `manage.py makemessages -l zh_Hans`, translate, then `manage.py compilemessages`"


def test_translations_keep_the_placeholders(catalogue: dict[str, list[str]]) -> None:
    for said, translations in catalogue.items():
        for translation in translations:
            assert sorted(re.findall(r"%\(\w+\)[sd]", said)) == sorted(re.findall(r"%\(\w+\)[sd]", translation)), said


def test_the_compiled_catalogue_is_the_written_one(catalogue: dict[str, list[str]]) -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for said, translations in catalogue.items():
        assert translations[0] in {compiled.gettext(said), compiled.ngettext(said, said, 1)}, said


def test_refusals_are_message_ids() -> None:
    assert list(unformatted_refusals()) == []


def test_a_refusal_speaks_the_language_of_the_request() -> None:
    with override("zh-hans"):
        refusal = Invalid("At most %(count)s characters", field="text", count="99,999")
        assert refusal.as_dict() == {
            "code": "invalid",
            "title": "有一个值不被接受",
            "detail": "最多 99,999 个字符",
            "status": 422,
            "field": "text",
        }
        assert NotFound().detail == "这里没有这个内容"
    with override("en"):
        assert NotFound().detail == "There is no such thing here"
