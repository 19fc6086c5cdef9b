"""How facts about rewards are made to happen."""
