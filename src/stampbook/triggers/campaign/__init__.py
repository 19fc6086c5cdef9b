"""How facts about campaigns are made to happen."""
