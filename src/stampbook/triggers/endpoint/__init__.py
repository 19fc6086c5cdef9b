"""How facts about endpoints are made to happen."""
