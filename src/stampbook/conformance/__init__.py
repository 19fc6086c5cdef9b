"""Conformance: what a consumer under development does with webhooks, good ones and bad ones.

Requests are made by the dialects themselves, sent as the sender sends them, and judged by status,
time, redirects and connections; what was processed can only be seen through a number that the
consumer tells. One file of `checks` is one check; each says what is sent, what a good consumer does
with it, and whom it hurts if it does not.
"""
