"""Any member that the engine may state a fact about."""

from datetime import UTC

from hypothesis import strategies as st

from stampbook.nouns.member import Address, Balances, Member
from stampbook.values.ids import MemberId

LINES = st.none() | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
POINTS = st.integers(0, 10**12)
INSTANTS = st.datetimes(timezones=st.just(UTC))
MEMBERS = st.builds(
    Member,
    id=st.integers(0, 2**96 - 1).map(lambda number: MemberId(f"{number:024x}")),
    member_id=st.text(min_size=1, max_size=12),
    first_name=LINES,
    email_address=LINES,
    phone_number=LINES,
    address=st.builds(Address, line1=LINES, country=LINES),
    status=st.sampled_from(["active", "inactive", "blocked"]),
    tags=st.lists(st.text(min_size=1, max_size=8), max_size=3).map(tuple),
    birthdate=st.none() | st.dates(),
    custom_attributes=st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.text()),
    referral_code=st.text(min_size=1, max_size=8),
    referral_url=st.text(min_size=1, max_size=8),
    enrolled_at=INSTANTS,
    modified_at=INSTANTS,
    last_activity_at=INSTANTS,
    last_purchase_at=st.none() | INSTANTS,
    revenue=st.floats(0, 1e12, allow_nan=False),
    balances=st.builds(Balances, earned=POINTS, available=st.integers(-(10**12), 10**12)),
)
