"""Idempotency keys: the same key and request give the same reply, and happen once."""

from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.engine.submission import Done, Rejected
from stampbook.store.idempotency import LIFE_MS, purge
from tests.engine.shop import PROGRAM, opened

ANN = EnrollMember(member_id="ann")
VISIT = AwardPoints(member_id="ann", activity_id="visit")
SPEND = RedeemReward(member_id="ann", reward_id="mug")


def test_the_same_key_replays_to_the_byte(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(ANN)
        first = shop.do(VISIT, idempotency_key="k", request_hash="h")
        again = shop.do(VISIT, idempotency_key="k", request_hash="h")
        assert isinstance(first, Done)
        assert again == Done(first.result, replayed=True)
        assert shop.count("entry") == 1


def test_a_refusal_is_replayed_even_when_it_would_now_succeed(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(ANN)
        first = shop.do(SPEND, idempotency_key="k")
        shop.all(shop.submission(VISIT) for _ in range(2))
        again = shop.do(SPEND, idempotency_key="k")
        assert isinstance(first, Rejected)
        assert again == Rejected(first.refused, replayed=True)


def test_another_request_under_a_known_key_is_refused(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(ANN)
        shop.do(VISIT, idempotency_key="k", request_hash="one")
        other = shop.do(VISIT, idempotency_key="k", request_hash="two")
        assert isinstance(other, Rejected)
        assert other.refused.code == "idempotency.key_reused"
        assert shop.count("entry") == 1


def test_a_key_belongs_to_its_principal(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(ANN)
        shop.do(VISIT, idempotency_key="k", principal="one")
        other = shop.do(VISIT, idempotency_key="k", principal="two")
        assert isinstance(other, Done)
        assert not other.replayed
        assert shop.count("entry") == 2


def test_the_same_key_twice_in_one_batch_happens_once(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(ANN)
        keyed = shop.submission(VISIT, idempotency_key="k", request_hash="h")
        first, *others = shop.all([keyed] * 20)
        assert isinstance(first, Done)
        assert others == [Done(first.result, replayed=True)] * 19
        assert shop.count("entry") == 1


def test_what_was_not_found_may_be_asked_again(database_url: str) -> None:
    with opened(database_url) as shop:
        missing = shop.do(VISIT, idempotency_key="k")
        assert isinstance(missing, Rejected)
        assert missing.refused.kind == "not_found"
        shop.do(ANN)
        assert isinstance(shop.do(VISIT, idempotency_key="k"), Done)


def test_keys_are_forgotten_when_their_time_is_over(database_url: str) -> None:
    with opened(database_url) as shop:
        shop.do(ANN, idempotency_key="old")
        shop.clock.at_ms += LIFE_MS
        shop.do(VISIT, idempotency_key="new")
        with shop.backend.transaction() as unit:
            assert purge(unit, PROGRAM, shop.clock.at_ms) == 0
            assert purge(unit, PROGRAM, shop.clock.at_ms + 1) == 1
        assert shop.rows("SELECT key FROM idempotency") == [("new",)]
