"""How facts about referrals are made to happen."""
