"""How facts about reviews are made to happen."""
