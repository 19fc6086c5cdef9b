"""One-time passwords: six digits that prove who a member is."""

from stampbook.api.route import Submit
from stampbook.commands.request_otp import OtpRequested, RequestOtp
from stampbook.commands.verify_otp import OtpChecked, VerifyOtp
from stampbook.core.refusals import (
    MEMBER_BLOCKED,
    MEMBER_NOT_FOUND,
    OTP_NOT_IN_FORCE,
    OTP_SPENT,
    OTP_TOO_OFTEN,
)

ROUTES = (
    Submit(
        method="POST",
        path="/v1/members/{member_id}/otp",
        summary="Send a member a one-time password",
        scope="write",
        asks=RequestOtp,
        gives=OtpRequested,
        status=201,
        refuses=(MEMBER_NOT_FOUND, MEMBER_BLOCKED, OTP_TOO_OFTEN),
        example={},
    ),
    Submit(
        method="POST",
        path="/v1/members/{member_id}/otp/verify",
        summary="Check a one-time password",
        scope="write",
        asks=VerifyOtp,
        gives=OtpChecked,
        refuses=(MEMBER_NOT_FOUND, MEMBER_BLOCKED, OTP_NOT_IN_FORCE, OTP_SPENT),
        example={"otp": "048215"},
    ),
)
