"""How facts about coupons are made to happen."""
