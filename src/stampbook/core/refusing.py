"""Refusing: a refusal that concerns a known member is stored as a fact of theirs."""

from stampbook.core.draft import Draft
from stampbook.core.refusals import Refused
from stampbook.facts import FactData
from stampbook.facts.referral.refused import ReferralRefused


def state_refusal(draft: Draft, fact: type[FactData] | None, refused: Refused) -> None:
    """State a refusal as a fact, unless nobody is concerned or the request itself was wrong."""
    book = draft.book_of(refused.member_id) if refused.member_id else None
    if refused.code.startswith("referral."):
        fact = ReferralRefused  # whatever was asked, it is the referral that was refused
    if fact is None or book is None or refused.kind == "not_found":
        return
    subjects = {
        field: refused.facts.get(field)
        for field in ("activity_id", "reward_id", "order_id")
        if field in fact.__struct_fields__
    }
    draft.fact(
        fact,
        book,
        rule_version=draft.version,
        code=refused.code,
        detail=refused.detail,
        remedy=refused.remedy,
        rule=refused.rule,
        facts=refused.facts,
        **subjects,
    )
