"""A member shared their referral link."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import example_envelope
from stampbook.nouns.member import zinrelo_member_info


class ReferralLinkShared(FactData, frozen=True, kw_only=True):
    """Sent once for each share.

    Shapes: `friend_emails` lists whom an e-mail went to, and is empty of every other channel.
    """

    channel: str
    friend_emails: tuple[str, ...] = ()


def _zinrelo(fact: ReferralLinkShared) -> dict[str, object]:
    words: dict[str, object] = {
        "member_info": zinrelo_member_info(fact.member),
        "share_info": {"channel_shared": fact.channel},
    }
    if fact.channel == "email":
        words["email_share_info"] = {"friend_email": list(fact.friend_emails)}
    return words


FACT = FactType(
    data=ReferralLinkShared,
    sent_when="A member shares the referral link by e-mail or a social channel.",
    zinrelo=Word("event_referral_link_share", _zinrelo),
    nector=None,  # the dialect has no word for it
    example=lambda: ReferralLinkShared(
        channel="email",
        friend_emails=("jo@example.org", "sam@example.net"),
        **example_envelope(rule_version=None),
    ),
)
