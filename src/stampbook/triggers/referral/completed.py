"""A friend who claimed does what counts."""

from math import ceil

from stampbook.triggers import Recipe
from stampbook.triggers.inviting import claim, referrer
from stampbook.triggers.stage import ImpossibleError, Stage


def _run(stage: Stage) -> None:
    referrals, known = stage.definition.referrals, stage.definition.activity_by_id
    counting = [known[one] for one in referrals.completed_by if one in known]
    counting = [one for one in counting if one.is_active and one.on in {"order", "request"}]
    if referrals.is_active and not counting:
        raise ImpossibleError(
            "Nothing that a friend can do completes a referral in this program.",
            'Name an activity of the program in:\n[referrals]\ncompleted_by = ["made_a_purchase"]',
        )
    email = claim(stage, referrer(stage))
    friend = stage.enrol(email_address=email, first_name="Friend")
    does = min(counting, key=lambda one: one.on != "order")
    if does.on == "order":
        least = max(ceil(referrals.minimum_subtotal), 100)
        stage.order(friend, stage.number("order_subtotal", least), email_address=email)
        return
    attributes = {does.computation.attribute: 100}
    body = {
        "member_id": friend.member_id,
        "activity_id": does.id,
        "transaction_attributes": {} if does.computation.kind == "fixed" else attributes,
    }
    stage.call("POST", "/v1/points/award", body)
    stage.did(f"let the friend do {does.id}")


RECIPE = Recipe(
    does=(
        "enrols a member",
        "lets a friend claim by their link",
        "enrols the friend",
        "lets them buy something",
    ),
    run=_run,
    takes=("friend_email", "order_id", "order_subtotal", "product_id"),
)
