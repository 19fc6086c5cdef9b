"""Audiences in SQL: the conditions of an audience over the rows of members, many at once."""
