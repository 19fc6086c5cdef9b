"""Attributes: what the conditions of rules can read, by path.

Shapes: `member.<field>` and `member.custom.<name>`; `transaction.<name>`, any attribute of the
request; `products.<field>`, one value for each product. None, an empty text and an empty list are
unset. Tags and product categories may arrive as one comma separated text, and are items then.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, cast

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from stampbook.core.rules.operands import LISTS, AttributeType, list_in
from stampbook.nouns.member import Address, Member
from stampbook.nouns.order import Product

Scope = Literal["member", "transaction", "products"]


class Attribute(Struct, frozen=True):
    """Something that a condition reads; `name` is the path without its scope."""

    path: str
    scope: Scope
    name: str
    type: AttributeType


class MemberField(Struct, frozen=True):
    """A field of the member that rules may read."""

    type: AttributeType
    read: Callable[[Member], Any]


MEMBER_FIELDS: Mapping[str, MemberField] = {
    "member_id": MemberField("text", lambda member: member.member_id),
    "email_address": MemberField("text", lambda member: member.email_address),
    "phone_number": MemberField("text", lambda member: member.phone_number),
    "status": MemberField("text", lambda member: member.status),
    "tags": MemberField("texts", lambda member: list(member.tags)),
    "tier": MemberField("text", lambda member: member.tier and member.tier.tier_id),
    "preferred_language": MemberField("text", lambda member: member.preferred_language),
    "instagram_handle": MemberField("text", lambda member: member.instagram_handle),
    "twitter_handle": MemberField("text", lambda member: member.twitter_handle),
    "referral_code": MemberField("text", lambda member: member.referral_code),
    "birthdate": MemberField("moment", lambda member: member.birthdate),
    "anniversary_date": MemberField("moment", lambda member: member.anniversary_date),
    "enrolled_at": MemberField("moment", lambda member: member.enrolled_at),
    "first_purchase_at": MemberField("moment", lambda member: member.first_purchase_at),
    "last_purchase_at": MemberField("moment", lambda member: member.last_purchase_at),
    "number_of_purchases": MemberField("number", lambda member: member.number_of_purchases),
    "number_of_redemptions": MemberField("number", lambda member: member.number_of_redemptions),
    "revenue": MemberField("number", lambda member: member.revenue),
    "aov": MemberField("number", lambda member: member.aov),
    "available_points": MemberField("number", lambda member: member.balances.available),
    "earned_points": MemberField("number", lambda member: member.balances.earned),
    **{
        f"address.{part}": MemberField(
            "text", lambda member, part=part: getattr(member.address, part)
        )
        for part in Address.__struct_fields__
    },
}
"""The fields of a member by the name that follows `member.`."""

TRANSACTION_TYPES: Mapping[str, AttributeType] = {
    "order_subtotal": "number",
    "order_total": "number",
    "discount": "number",
    "tax": "number",
    "tags": "texts",
    "order_id": "text",
    "currency": "text",
    "coupon_code": "text",
    "reason": "text",
    "source": "text",
    "payment_source": "text",
    "payment_medium": "text",
    "utm_source": "text",
    "utm_medium": "text",
    "utm_campaign": "text",
    "driven_by": "text",
    "coupon_driven_by": "text",
}
"""The types of the attributes that have a fixed meaning; every other one may be anything."""

PRODUCT_TYPES: Mapping[str, AttributeType] = {
    **dict.fromkeys(Product.__struct_fields__, "text"),
    "product_category": "texts",
    "product_price": "number",
    "product_quantity": "number",
}
PRODUCT_DEFAULTS: Mapping[str, Any] = {
    field.name: field.default for field in fields(Product) if field.default is not NODEFAULT
}
"""What a product that leaves a field out means by it: a quantity of 1."""

CUSTOM = "custom."


def attribute_at(path: str) -> Attribute | None:
    """Find what a path reads; None when it reads nothing that exists."""
    scope, _, name = path.partition(".")
    match scope:
        case "member" if name.startswith(CUSTOM) and name != CUSTOM:
            return Attribute(path, "member", name, "any")
        case "member" if name in MEMBER_FIELDS:
            return Attribute(path, "member", name, MEMBER_FIELDS[name].type)
        case "transaction" if name and name != "products":
            return Attribute(path, "transaction", name, TRANSACTION_TYPES.get(name, "any"))
        case "products" if name in PRODUCT_TYPES:
            return Attribute(path, "products", name, PRODUCT_TYPES[name])
        case _:
            return None


def known_paths() -> tuple[str, ...]:
    """Give the paths with a fixed meaning, for suggestions and the reference."""
    return (
        *(f"member.{name}" for name in MEMBER_FIELDS),
        *(f"transaction.{name}" for name in TRANSACTION_TYPES),
        *(f"products.{name}" for name in PRODUCT_TYPES),
    )


def read_member(attribute: Attribute, member: Member) -> Any:
    """Read a member's attribute as JSON has it: a day or an instant is a text."""
    if attribute.name.startswith(CUSTOM):
        return member.custom_attributes.get(attribute.name.removeprefix(CUSTOM))
    found = MEMBER_FIELDS[attribute.name].read(member)
    if isinstance(found, datetime | date):
        return found.isoformat().replace("+00:00", "Z")
    return found


def read_products(attribute: Attribute, attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    """Read one field of each product, in the order of the products."""
    default = PRODUCT_DEFAULTS.get(attribute.name)
    products = list_in(attributes.get("products")) or ()
    maps = (cast("Mapping[str, Any]", item) for item in products if isinstance(item, Mapping))
    return tuple(product.get(attribute.name, default) for product in maps)


def items_of(found: Any, kind: AttributeType) -> tuple[Any, ...]:
    """Give the items of what was found: none when it is unset, several of a list."""
    if found is None or found == "":
        return ()
    if isinstance(found, LISTS):
        listed = cast("list[Any] | tuple[Any, ...]", found)
        return tuple([item for item in listed if item is not None and item != ""])
    if kind == "texts" and isinstance(found, str):
        return tuple(stripped for item in found.split(",") if (stripped := item.strip()))
    return (found,)
