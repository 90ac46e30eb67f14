"""The running server keeps to its own OpenAPI document: schemathesis asks it everything the document allows, and what it does not."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from chatsite.api import api
from tests.messaging.stage import Stage

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben")
OPERATIONS = [(path, method) for path, methods in api.get_openapi_schema()["paths"].items() for method in methods]
ADDRESS_MAX = 60_000  # what is longer is refused before it is a request
bounded = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def document(stage: Stage) -> Any:
    return schemathesis.openapi.from_dict(httpx.get(f"{stage.server.url}/api/v1/openapi.json", trust_env=False).json())


def test_the_served_document_is_the_one_we_ask_by(document: Any) -> None:
    assert {(result.ok().path, result.ok().method) for result in document.get_all_operations()} == set(OPERATIONS)


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part)
def test_every_answer_is_as_the_document_says(document: Any, stage: Stage, path: str, method: str, mode: GenerationMode) -> None:
    operation = document[path][method.upper()]

    @bounded
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call(base_url=stage.server.url, headers={"X-Session-Token": stage.tokens["anna"]})
        case.validate_response(response, checks=[not_a_server_error])
        if response.status_code < 400:
            case.validate_response(response, checks=[response_schema_conformance, content_type_conformance])
        elif len(response.request.url) < ADDRESS_MAX:
            assert response.headers["content-type"] == ["application/problem+json"]
            assert {"type", "code", "title", "detail", "status"} <= response.json().keys()

    ask()
