"""Nouns: what facts speak of, and how each vendor spells it.

A noun is the public record and the state that the engine keeps; there is no second model. Below
its structure stands its spelling in each vendor's words; the dialects frame and date it.
"""
