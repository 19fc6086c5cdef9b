import pytest

from stampbook.api.paths import Paths
from stampbook.api.problem import ProblemError


@pytest.fixture
def paths() -> Paths[str]:
    paths: Paths[str] = Paths()
    paths.add("/v1/orders", "POST", "record")
    paths.add("/v1/orders/explain", "POST", "explain")
    paths.add("/v1/orders/{order_id}", "GET", "read")
    paths.add("/v1/orders/{order_id}", "PATCH", "update")
    paths.add("/v1/orders/{order_id}/return", "POST", "return")
    return paths


def test_a_literal_path_hides_a_parameter(paths: Paths[str]) -> None:
    assert paths.find("POST", b"/v1/orders/explain") == ("explain", {})
    assert paths.find("GET", b"/v1/orders/%65xplain") == ("read", {"order_id": "explain"})


def test_parameters_are_decoded_once_and_a_coded_slash_separates_nothing(
    paths: Paths[str],
) -> None:
    assert paths.find("GET", b"/v1/orders/a%2Fb%252F") == ("read", {"order_id": "a/b%2F"})
    assert paths.find("GET", b"/v1/orders/%C3%A4") == ("read", {"order_id": "ä"})


def test_head_is_answered_as_get(paths: Paths[str]) -> None:
    assert paths.find("HEAD", b"/v1/orders/7")[0] == "read"


@pytest.mark.parametrize(
    "path", [b"/", b"/v1/orders/", b"/v1/orders//return", b"/v1/orders/7/8", b"/v1/orders/%FF"]
)
def test_an_unknown_path_is_not_found(paths: Paths[str], path: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        paths.find("GET", path)
    assert caught.value.problem.code == "path.not_found"


def test_another_method_is_told_which_are_allowed(paths: Paths[str]) -> None:
    with pytest.raises(ProblemError) as caught:
        paths.find("DELETE", b"/v1/orders/explain")
    assert caught.value.problem.status == 405
    assert caught.value.headers == ((b"allow", b"POST"),)


def test_an_endpoint_is_added_once(paths: Paths[str]) -> None:
    with pytest.raises(AssertionError):
        paths.add("/v1/orders", "POST", "again")
