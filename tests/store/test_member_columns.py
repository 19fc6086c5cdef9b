"""What indexes find a member by is what the member's document says, whoever changed it how."""

from stampbook.commands import Needs
from stampbook.commands.award_points import AwardPoints
from stampbook.commands.delete_members import DeleteMembers
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.redeem_reward import RedeemReward
from stampbook.commands.update_member import UpdateMember
from stampbook.core.due import next_due
from stampbook.engine.submission import Done
from stampbook.store.asked import together
from stampbook.store.load import load
from stampbook.store.opening import open_batch
from stampbook.store.programs import Programs
from stampbook.values.instants import optional_ms
from tests.engine.shop import PROGRAM, Shop, opened

DAY_MS = 86_400_000
ANN, BOB = "ann", "bob"


def columns_agree(shop: Shop) -> dict[str, int | None]:
    """Compare the columns with the documents; give when each member is due."""
    asked = together([Needs(members=(ANN, BOB))])
    due: dict[str, int | None] = {}
    with shop.backend.read() as unit:
        opening = open_batch(unit, PROGRAM, asked)
        assert opening is not None
        loaded = load(unit, opening, asked, Programs(), lock=False)
    for member_id, member in loaded.state.keys.items():
        kept, book = loaded.members[member], loaded.state.books[member]
        assert kept.email == book.member.email_address
        assert kept.due_at_ms == optional_ms(next_due(book, loaded.state.program))
        due[member_id] = kept.due_at_ms
    return due


def test_columns_follow_the_member(database_url: str) -> None:
    with opened(database_url) as shop:
        for member_id in (ANN, BOB):
            enrol = EnrollMember(member_id=member_id, email_address=f"{member_id}@example.org")
            assert isinstance(shop.do(enrol), Done)
        assert columns_agree(shop) == {ANN: None, BOB: None}

        visit = AwardPoints(member_id=ANN, activity_id="visit")
        shop.do(visit)
        first = columns_agree(shop)[ANN]
        assert first is not None
        shop.clock.at_ms += DAY_MS
        for _ in range(3):  # nothing falls due sooner than before
            shop.do(visit)
            assert columns_agree(shop)[ANN] == first

        shop.do(UpdateMember(member_id=ANN, email_address="new@example.org"))
        assert columns_agree(shop)[ANN] == first
        redeemed = shop.do(RedeemReward(member_id=ANN, reward_id="mug", hold=True))
        assert isinstance(redeemed, Done), redeemed
        assert (columns_agree(shop)[ANN] or 0) < first

        shop.do(DeleteMembers(member_ids=(ANN,)))
        assert columns_agree(shop) == {BOB: None}
        found = shop.rows("SELECT email, due_at_ms FROM member WHERE member_id = ?", (ANN,))
        assert found == [(None, None)]
