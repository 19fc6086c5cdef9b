"""A business: what a vendor's event says of the shop, from the program's definition."""

from typing import Any

from msgspec import Struct

from stampbook.values.ids import ProgramId
from stampbook.values.money import symbol_of


class Business(Struct, frozen=True, kw_only=True):
    """Who speaks.

    Shapes: `website` is empty when the program does not name it; `currency` is an ISO 4217 code.
    """

    program_id: ProgramId
    name: str
    website: str
    coin_name: str
    currency: str


def nector_business(business: Business) -> dict[str, Any]:
    """Spell a business as the fields that every event has.

    Source: contract section 4.
    """
    return {
        "business_name": business.name,
        "business_uri": business.website,
        "nector_business_uri": business.website,
        "business_coin_name": business.coin_name,
        "business_currency_code": business.currency.lower(),
        "business_currency_symbol": symbol_of(business.currency),
    }
