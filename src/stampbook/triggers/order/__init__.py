"""How facts about orders are made to happen."""
