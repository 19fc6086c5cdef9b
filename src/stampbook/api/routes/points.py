"""Points: they are awarded for activities, moderated, and taken by hand."""

from stampbook.api.route import Submit
from stampbook.commands.approve_points import ApprovePoints, PointsApproved
from stampbook.commands.award_points import AwardPoints, PointsAwarded
from stampbook.commands.deduct_points import DeductPoints, PointsDeducted
from stampbook.commands.reject_points import PointsRejected, RejectPoints
from stampbook.core.refusals import (
    ACTIVITY_CAP_REACHED,
    ACTIVITY_INACTIVE,
    ACTIVITY_NEEDS_NUMBER,
    ACTIVITY_NEEDS_ORDER,
    ACTIVITY_NOT_FOUND,
    ACTIVITY_POINTS_COMPUTED,
    MEMBER_BLOCKED,
    MEMBER_NOT_FOUND,
    POINTS_INSUFFICIENT,
    POINTS_NOTHING_EARNED,
    TRANSACTION_NOT_FOUND,
    TRANSACTION_NOT_PENDING,
    TRANSACTION_WRONG_KIND,
)

RESOLVING_REFUSES = (TRANSACTION_NOT_FOUND, TRANSACTION_NOT_PENDING, TRANSACTION_WRONG_KIND)
A_RESOLUTION = {
    "transaction_ids": ["019aa6d6ae0080000040aaaa"],
    "approver": {"id": "u-17", "name": "Moderator"},
}

ROUTES = (
    Submit(
        method="POST",
        path="/v1/points/award",
        summary="Award points for an activity",
        scope="write",
        asks=AwardPoints,
        gives=PointsAwarded,
        status=201,
        refuses=(
            MEMBER_NOT_FOUND,
            MEMBER_BLOCKED,
            ACTIVITY_NOT_FOUND,
            ACTIVITY_INACTIVE,
            ACTIVITY_NEEDS_ORDER,
            ACTIVITY_NEEDS_NUMBER,
            ACTIVITY_POINTS_COMPUTED,
            ACTIVITY_CAP_REACHED,
            POINTS_NOTHING_EARNED,
        ),
        example={
            "member_id": "anna@shop.example",
            "activity_id": "review",
            "transaction_attributes": {"product_id": "beans-1kg", "stars": 5},
        },
    ),
    Submit(
        method="POST",
        path="/v1/points/approve",
        summary="Approve pending awards",
        scope="write",
        asks=ApprovePoints,
        gives=PointsApproved,
        refuses=RESOLVING_REFUSES,
        example=A_RESOLUTION,
    ),
    Submit(
        method="POST",
        path="/v1/points/reject",
        summary="Reject pending awards",
        scope="write",
        asks=RejectPoints,
        gives=PointsRejected,
        refuses=RESOLVING_REFUSES,
        example=A_RESOLUTION,
    ),
    Submit(
        method="POST",
        path="/v1/points/deduct",
        summary="Take points by hand",
        scope="write",
        asks=DeductPoints,
        gives=PointsDeducted,
        status=201,
        refuses=(MEMBER_NOT_FOUND, MEMBER_BLOCKED, POINTS_INSUFFICIENT),
        example={"member_id": "anna@shop.example", "points": 50, "reason": "goodwill, reversed"},
    ),
)
