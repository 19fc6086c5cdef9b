"""`delivery.allow_subnets` opens what it names, and the rest of private space stays shut."""

from tests.delivery.sink import running_sink
from tests.e2e.stand import Stand, standing

OPENED = "127.0.0.2"
RULES = {
    "STAMPBOOK_DELIVERY_ALLOW_PRIVATE": "false",
    "STAMPBOOK_DELIVERY_ALLOW_SUBNETS": f"{OPENED}/32",
}
REFUSED = "the address is not allowed"


def endpoint(stand: Stand, url: str) -> str:
    wishes = {"url": url, "event_types": ["member.enrolled"]}
    return stand.call("POST", "/v1/endpoints", wishes)["endpoint"]["id"]


def came_of(stand: Stand, endpoint_id: str) -> tuple[int | None, str | None]:
    """What came of a sample."""
    sent = stand.call("POST", f"/v1/endpoints/{endpoint_id}/test", {})
    return sent["status_code"], sent["error"]


def test_a_subnet_of_loopback_is_let_through_and_nothing_beside_it(sqlite_url: str) -> None:
    with (
        standing(sqlite_url, RULES) as stand,
        running_sink(host=OPENED, port=stand.sink.port) as inside,
    ):
        opened = endpoint(stand, f"http://{OPENED}:{inside.port}/hooks")
        shut = [
            endpoint(stand, stand.sink.url("/hooks")),
            endpoint(stand, f"http://localhost:{stand.sink.port}/hooks"),
            endpoint(stand, f"http://[::1]:{stand.sink.port}/hooks"),
            endpoint(stand, "http://10.0.0.1/hooks"),
            endpoint(stand, "http://169.254.169.254/latest"),
        ]
        for one in shut:
            stand.conduct(one, [])
        assert came_of(stand, opened) == (204, None)
        assert [came_of(stand, one) for one in shut] == [(None, REFUSED)] * len(shut)

        stand.enrol("anna")
        stand.await_status(opened, "delivered")
        for one in shut:
            stand.await_status(one, "failed")
            [delivery] = stand.deliveries(one)
            [tried] = stand.call("GET", f"/v1/deliveries/{delivery['id']}")["attempts"]
            assert (tried["status_code"], tried["error"]) == (None, REFUSED)
        assert len(inside.received) == 2
        assert stand.sink.received == []
