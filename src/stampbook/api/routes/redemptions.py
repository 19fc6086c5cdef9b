"""Redemptions: points are spent on a reward, at once or on hold."""

from stampbook.api.route import Submit
from stampbook.commands.approve_redemption import ApproveRedemption, RedemptionApproved
from stampbook.commands.redeem_reward import RedeemReward, RewardRedeemed
from stampbook.commands.reject_redemption import RedemptionRejected, RejectRedemption
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    MEMBER_NOT_FOUND,
    POINTS_INSUFFICIENT,
    REWARD_INACTIVE,
    REWARD_LIMIT_REACHED,
    REWARD_NOT_ELIGIBLE,
    REWARD_NOT_FOUND,
    REWARD_OUT_OF_STOCK,
    REWARD_POINTS_INVALID,
    TRANSACTION_NOT_FOUND,
    TRANSACTION_NOT_PENDING,
    TRANSACTION_WRONG_KIND,
)

RESOLVING_REFUSES = (TRANSACTION_NOT_FOUND, TRANSACTION_NOT_PENDING, TRANSACTION_WRONG_KIND)

ROUTES = (
    Submit(
        method="POST",
        path="/v1/redemptions",
        summary="Redeem a reward, or hold it",
        scope="write",
        asks=RedeemReward,
        gives=RewardRedeemed,
        status=201,
        refuses=(
            MEMBER_NOT_FOUND,
            MEMBER_BLOCKED,
            REWARD_NOT_FOUND,
            REWARD_INACTIVE,
            REWARD_NOT_ELIGIBLE,
            REWARD_OUT_OF_STOCK,
            REWARD_LIMIT_REACHED,
            REWARD_POINTS_INVALID,
            POINTS_INSUFFICIENT,
        ),
        example={"member_id": "anna@shop.example", "reward_id": "ten-off", "hold": True},
    ),
    Submit(
        method="POST",
        path="/v1/redemptions/{transaction_id}/approve",
        summary="Approve a redemption on hold",
        scope="write",
        asks=ApproveRedemption,
        gives=RedemptionApproved,
        refuses=RESOLVING_REFUSES,
    ),
    Submit(
        method="POST",
        path="/v1/redemptions/{transaction_id}/reject",
        summary="Reject a redemption on hold",
        scope="write",
        asks=RejectRedemption,
        gives=RedemptionRejected,
        refuses=RESOLVING_REFUSES,
    ),
)
