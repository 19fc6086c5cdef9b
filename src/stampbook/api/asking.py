"""Asking: what several routes ask for in the same words."""

from msgspec import Struct

from stampbook.api.paging import Paged
from stampbook.values.amounts import Key


class OneMember(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member by the merchant's own key."""

    member_id: Key


class OfMember(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a list that belongs to a member."""

    member_id: Key
