"""Contacts: the spelling in which e-mail addresses and phone numbers are compared."""


def email_key(address: str) -> str:
    """Give the spelling under which two e-mail addresses are one: outer blanks and case apart."""
    return address.strip().casefold()


def phone_key(number: str) -> str:
    """Give the digits of a phone number, with a leading plus where it has one."""
    digits = "".join(letter for letter in number if letter.isdecimal())
    return f"+{digits}" if number.strip().startswith("+") else digits
