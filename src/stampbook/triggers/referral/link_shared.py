"""A member shares their link."""

from typing import Any

from stampbook.triggers import Recipe
from stampbook.triggers.inviting import referrer
from stampbook.triggers.stage import DOMAIN, Stage, path


def _run(stage: Stage) -> None:
    member, channel = referrer(stage), stage.wish("channel", "email")
    said: dict[str, Any] = {"channel": channel}
    if channel == "email":
        said["friend_emails"] = [stage.wish("friend_email", f"trigger-friend@{DOMAIN}")]
    stage.call("POST", path("members", member.member_id, "referral", "shares"), said)
    stage.did(f"shared their link by {channel}")


RECIPE = Recipe(
    does=("enrols a member", "shares their link"), run=_run, takes=("channel", "friend_email")
)
