"""The wallet: a member's points as transactions of coins, in the words of the Nector dialect."""

from msgspec import Struct

from stampbook.api.asking import OfMember
from stampbook.api.desk import Desk
from stampbook.api.paging import cursors_checked
from stampbook.api.problem import CURSOR_INVALID
from stampbook.api.route import Answer
from stampbook.core.refusals import MEMBER_NOT_FOUND
from stampbook.store.reading.wallet import WalletLine, wallet


class WalletPage(Struct, frozen=True, kw_only=True):
    """Transactions of coins, the newest first, as they were written last."""

    items: tuple[WalletLine, ...]
    next_cursor: str | None


def read_wallet(desk: Desk, asked: OfMember) -> WalletPage:
    """Give a page of a member's wallet."""
    with desk.present() as present, cursors_checked():
        _, book = present.known(asked.member_id)
        page = wallet(
            present.unit, desk.program_id, book.member.id, limit=asked.limit, after=asked.cursor
        )
        return WalletPage(items=page.items, next_cursor=page.next)


ROUTES = (
    Answer(
        method="GET",
        path="/v1/members/{member_id}/wallet",
        summary="Read a member's wallet of coins",
        scope="read",
        asks=OfMember,
        gives=WalletPage,
        refuses=(MEMBER_NOT_FOUND, CURSOR_INVALID),
        answers=read_wallet,
    ),
)
