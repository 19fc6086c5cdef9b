"""A member claims by their own link."""

from stampbook.remote.server import RefusedError
from stampbook.triggers import Recipe
from stampbook.triggers.inviting import referrer
from stampbook.triggers.stage import Stage


def _run(stage: Stage) -> None:
    member = referrer(stage)
    said = {"referral_code": member.referral_code, "email_address": member.email_address}
    try:
        stage.call("POST", "/v1/referrals/claims", said)
    except RefusedError as error:
        stage.did(f"was refused to claim by their own link: {error.said.code}")


RECIPE = Recipe(does=("enrols a member", "claims by their own link"), run=_run)
