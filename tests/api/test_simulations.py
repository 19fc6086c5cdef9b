"""A changed definition is run over the history by API, over as many members as are asked for."""

from tests.api.stage import TOML, Client

CHANGED = TOML.replace("multiplier = 2", "multiplier = 3")


def test_a_change_is_run_over_what_happened(client: Client) -> None:
    for number in range(3):
        order = {"order_id": f"o-{number}", "member_id": f"m-{number}", "order_subtotal": 10}
        client.post("/v1/orders", order)
    everybody = client.post("/v1/simulations", {"toml": CHANGED}, status=200)
    report = everybody["report"]
    assert (report["members"], everybody["members_total"]) == (3, 3)
    assert (report["before"]["balances"]["issued"], report["after"]["balances"]["issued"]) == (
        60,
        90,
    )
    assert (report["gaining"], report["losing"], report["unlike_the_ledger"]) == (3, 0, 0)
    some = client.post("/v1/simulations", {"toml": CHANGED, "members": 2}, status=200)
    assert (some["report"]["members"], some["members_total"]) == (2, 3)
    assert client.get("/v1/members/m-0")["balances"]["available"] == 20


def test_a_wrong_definition_is_told(client: Client) -> None:
    answer = client.call("POST", "/v1/simulations", {"toml": "[program]"})
    assert (answer.status, answer.json["code"]) == (422, "definition.invalid")
