"""How facts about members are made to happen."""
