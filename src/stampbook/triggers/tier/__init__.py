"""How facts about tiers are made to happen."""
