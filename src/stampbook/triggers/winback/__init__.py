"""How facts about offers to members who were away are made to happen."""
