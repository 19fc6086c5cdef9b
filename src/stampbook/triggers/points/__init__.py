"""How facts about points are made to happen."""
