"""A transaction that began first and locks last begins again, whatever the other one wrote."""

import pytest

from stampbook.commands import Needs
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.engine.submission import Done
from stampbook.store.asked import together
from stampbook.store.backend import ClashError
from stampbook.store.load import load
from stampbook.store.opening import open_batch
from stampbook.store.programs import Programs
from tests.engine.shop import PROGRAM, opened


@pytest.mark.parametrize(
    ("command", "states_a_fact"),
    [
        (AwardPoints(member_id="ann", activity_id="visit"), True),
        (RedeemReward(member_id="ann", reward_id="mug", hold=True), False),
    ],
)
def test_entries_never_stand_before_those_that_were_written_first(
    postgres_url: str, command: AwardPoints | RedeemReward, *, states_a_fact: bool
) -> None:
    with opened(postgres_url) as shop:
        shop.do(EnrollMember(member_id="ann"))
        shop.do(AwardPoints(member_id="ann", activity_id="visit", points=300))
        facts = shop.count("fact")
        asked = together([Needs(members=("ann",))])
        with shop.backend.transaction() as unit:
            opening = open_batch(unit, PROGRAM, asked)
            assert opening is not None
            assert isinstance(shop.do(command), Done)
            assert (shop.count("fact") > facts) is states_a_fact
            with pytest.raises(ClashError):
                load(unit, opening, asked, Programs())
