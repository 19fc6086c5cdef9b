"""What Nector's dialect sends: one flat object for each event; its topic is a header.

Shapes: what is unset, null or false is the empty text, so a field that is not plain text may be
`""` as well, and a flag is true or `""`. Instants are texts that `datetime.fromisoformat` reads.
"""

from collections.abc import Mapping

from msgspec import Struct

Flag = bool | str
"""True, or the empty text."""
Number = float | str
"""A number, or the empty text."""


class Data(Struct, frozen=True, kw_only=True):
    """What every event says: who speaks, and whom it is about."""

    business_name: str
    business_uri: str
    nector_business_uri: str
    business_coin_name: str
    business_currency_code: str
    business_currency_symbol: str
    user_customer_id: str
    user_name: str
    user_email: str
    user_mobile: str
    user_tier: str
    user_referral_code: str
    user_referral_coupon_code: str
    user_referral_link: str
    user_new_referral_link: str
    user_available_balance: int
    user_balance: int
    user_dob: str
    """DD-MM."""
    user_full_dob: str
    """DD-MM-YYYY."""
    user_country: str
    user_transaction_amount: float


class Lead(Data, frozen=True, kw_only=True):
    """A customer who joined, or whose profile changed."""

    entity_id: str
    referral_code: str
    customer_id: str
    referred_by_referral_code: str
    name: str
    available: int
    tier: str
    transaction_amount: Number
    last_transaction: str
    accept_email: Flag
    accept_mobile: Flag
    accept_smartdiscountapply: Flag
    dob: str
    full_dob: str
    mid: str
    """Hex SHA-256 of the phone number."""
    mobile: str
    country: str
    eid: str
    """Hex SHA-256 of the e-mail address."""
    email: str
    email_status: str
    is_freezed: Flag
    created_at: str
    updated_at: str


class Coupon(Data, frozen=True, kw_only=True):
    """A coupon that was given, changed, or lies unused."""

    entity_id: str
    lead_id: str
    activity_id: str
    offer_id: str
    reference_coupon_id: str
    reference_coupon_source: str
    name: str
    description: str
    type: str
    value: str
    """The code."""
    fiat_class: str
    fiat_value: Number
    fiat_target: str
    minimumcart_amount: Number
    meta__lead_name: str
    status: str
    redirect_link: str
    expire: str
    formatted_expire: str
    updated_at: str
    created_at: str


class WalletTransaction(Data, frozen=True, kw_only=True):
    """Coins that came, went, are pending, or lie unused. Units: coins."""

    entity_id: str
    lead_id: str
    activity_id: str
    title: str
    description: str
    amount: int
    closing_balance: int
    consolidated_cr: int
    consolidated_dr: int
    hash: str
    """One transaction's alone; the same when a pending one is resolved."""
    meta__lead_name: str
    operation: str
    """Until now: cr, dr."""
    type: str
    status: str
    """Until now: pending, success, failed."""
    updated_at: str
    created_at: str


class Review(Data, frozen=True, kw_only=True):
    """A product review that came, or changed."""

    entity_id: str
    lead_id: str
    order_id: str
    activity_id: str
    reference_product_name: str
    reference_product_source: str
    reference_product_id: str
    reference_product_redirect_link: str
    reference_review_source: str
    reference_review_id: str
    type: str
    name: str
    rating: int
    title: str
    description: str
    reply_to: str
    meta__coin_reward: int
    meta__is_rewarded: Flag
    is_verified: Flag
    is_approved: Flag
    is_featured: Flag
    updated_at: str
    created_at: str


class Order(Data, frozen=True, kw_only=True):
    """An order that came, or changed. Units: the order's currency, and coins."""

    entity_id: str
    lead_id: str
    reference_order_name: str
    reference_order_id: str
    reference_order_source: str
    activity_id: str
    currency_code: str
    reference_cart_token: str
    fiat_amount: float
    fiat_discount: float
    fiat_tax: float
    payment_source: str
    payment_medium: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    order_driven_by: str
    couponredeem_driven_by: str
    status: str
    financial_status: str
    delivery_status: str
    meta__lead_name: str
    meta__coin_spent: int
    meta__coin_reward: int
    meta__is_rewarded: Flag
    meta__currency_code: str
    meta__redirect_link: str
    updated_at: str
    created_at: str


class ReviewRequest(Order, frozen=True, kw_only=True):
    """An order whose customer is asked for a review."""

    order_review_link: str


class Referral(Data, frozen=True, kw_only=True):
    """A friend who came, bought, or has not bought yet.

    Shapes: the fields of coins are there when the reward is coins, those of the coupon when it is a
    coupon, and None otherwise.
    """

    entity_id: str
    coupon_id: str
    wallettransaction_id: str
    order_id: str
    referral_mode: str
    referred_by_name: str
    referred_by_lead_id: str
    referred_by_eid: str
    referred_by_mid: str
    referred_to_name: str
    referred_to_lead_id: str
    referred_to_eid: str
    referred_to_mid: str
    meta__referred_by_coupon_id: str
    meta__referred_to_coupon_id: str
    meta__incompletereferralrequest_count: int
    meta__incompletereferralrequest_sentat: str
    meta__referred_by_wallettransaction_id: str
    meta__referred_to_wallettransaction_id: str
    status: str
    created_at: str
    updated_at: str
    version: int
    """Rises with each change."""
    wallettransaction_title: str | None = None
    wallettransaction_description: str | None = None
    wallettransaction_amount: int | None = None
    wallettransaction_closing_balance: int | None = None
    coupon_name: str | None = None
    coupon_description: str | None = None
    coupon_value: str | None = None
    coupon_fiat_value: Number | None = None
    coupon_fiat_target: str | None = None
    coupon_fiat_class: str | None = None
    coupon_minimumcart_amount: Number | None = None
    coupon_formatted_expire: str | None = None
    coupon_expire: str | None = None
    coupon_redirect_link: str | None = None


class CoinExpiry(Data, frozen=True, kw_only=True):
    """Coins that expire soon. Units: coins."""

    wallet_expiry_unit: str
    """Until now: month, week, day."""
    wallet_expiry_amount: int
    wallet_expiry_notify_generated_on: str
    wallet_expiry_estimated_on: str
    wallet_expiry_formatted_estimated_on: str


class VipTier(Data, frozen=True, kw_only=True):
    """A customer who moved to another tier."""

    entity_id: str
    lead_id: str
    tier: str
    formatted_tier: str
    direction: str
    """Until now: up, down."""
    created_at: str
    updated_at: str


TYPES: Mapping[str, type[Data]] = {
    "lead_create": Lead,
    "lead_update": Lead,
    "coupon_create": Coupon,
    "coupon_update": Coupon,
    "unusedcouponrequest_create": Coupon,
    "order_create": Order,
    "order_update": Order,
    "reviewrequest_create": ReviewRequest,
    "walletreward_create": WalletTransaction,
    "wallettrasaction_update": WalletTransaction,
    "unusedwalletcoinrequest_create": WalletTransaction,
    "review_create": Review,
    "review_update": Review,
    "refereenotify_create": Referral,
    "referrernotify_create": Referral,
    "incompletereferralrequest_create": Referral,
    "coinexpirynotify_create": CoinExpiry,
    "viptier_create": VipTier,
}
"""The structure of each topic; one that is misspelt is spelled as the vendor spells it."""
