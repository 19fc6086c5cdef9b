"""Contacts: the spelling in which e-mail addresses and phone numbers are compared."""

import hashlib


def email_key(address: str) -> str:
    """Give the spelling under which two e-mail addresses are one: outer blanks and case apart."""
    return address.strip().casefold()


def phone_key(number: str) -> str:
    """Give the digits of a phone number, with a leading plus where it has one."""
    digits = "".join(letter for letter in number if letter.isdecimal())
    return f"+{digits}" if number.strip().startswith("+") else digits


DOTLESS = frozenset({"gmail.com", "googlemail.com"})
"""Where dots before the at sign are decoration."""


def mailbox_key(address: str) -> str:
    """Give the mailbox that an e-mail address ends in: without a tag, and dots that do not count.

    Shapes: for telling whether two addresses are one person's; `email_key` tells whether they are
    one address.
    """
    local, _, domain = email_key(address).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    """Give the domain of an e-mail address."""
    return email_key(address).rpartition("@")[2]


def digest_of(contact: str | None) -> str | None:
    """Give the hex SHA-256 of a contact as it is written; None when there is none."""
    return hashlib.sha256(contact.encode()).hexdigest() if contact else None
