"""Delivery: every fact to every endpoint that asked for it, at least once.

One thread turns one wheel: lease what is due, render and sign it, send it, judge the answers,
settle them. No database transaction is open while a request is on its way.
"""
