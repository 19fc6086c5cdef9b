"""A one-time password was asked for."""

from stampbook.facts import FactData, FactType, Word
from stampbook.nouns.examples import EXAMPLE_MEMBER, EXAMPLE_NOW, example_envelope
from stampbook.nouns.member import zinrelo_member_info
from stampbook.values.instants import Deadline, Instant


class MemberOtpGenerated(FactData, frozen=True, kw_only=True):
    """Sent once for each password.

    Shapes: `otp` is six digits, and empty in what is stored once it is used or no longer valid.
    """

    otp: str
    minutes_valid: int
    valid_till: Instant


FACT = FactType(
    data=MemberOtpGenerated,
    sent_when="A one-time password is asked for.",
    zinrelo=Word(
        "event_member_otp_generation",
        lambda fact: {
            "member_info": zinrelo_member_info(fact.member),
            "otp_info": {
                "otp": fact.otp,
                "minutes_valid": fact.minutes_valid,
                "valid_till": Deadline(fact.valid_till),
            },
        },
    ),
    nector=None,  # the dialect has no word for it
    example=lambda: MemberOtpGenerated(
        otp="048215",
        minutes_valid=5,
        valid_till=EXAMPLE_NOW.replace(minute=35),
        **example_envelope(EXAMPLE_MEMBER),
    ),
    secrets=("otp",),
)
