"""Certificates: PEM that an owner gave, read, and found to be of use."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from msgspec import Struct

from stampbook.values.instants import Instant

CERTIFICATES_MAX = 10
"""In one text: a chain has two or three."""


class CertificateInfo(Struct, frozen=True, kw_only=True):
    """A certificate as it is shown."""

    subject: str
    """As RFC 4514 writes it."""
    expires_at: Instant


class Chain(Struct, frozen=True):
    """Certificates that were read: how they are shown, and the PEM that says no more than they."""

    infos: tuple[CertificateInfo, ...]
    pem: str


def read_chain(pem: str, now: Instant) -> Chain:
    """Read certificates.

    Errors: ValueError, which quotes nothing, for what is none, or none that is still valid.
    """
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
        infos = tuple(map(_info, found))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is no certificate in PEM") from None
    if len(found) > CERTIFICATES_MAX:
        raise ValueError(f"has more than {CERTIFICATES_MAX} certificates")
    if any(info.expires_at <= now for info in infos):
        raise ValueError("has a certificate that has expired")
    encoded = (one.public_bytes(serialization.Encoding.PEM) for one in found)
    return Chain(infos, b"".join(encoded).decode())


def read_key(pem: str, chain: Chain) -> str:
    """Read the private key of a chain's first certificate, and give its PEM.

    Errors: ValueError, which quotes nothing, for what is none, or is of another certificate.
    """
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        owner = x509.load_pem_x509_certificate(chain.pem.encode()).public_key()
    except TypeError:
        raise ValueError("is encrypted: give it without a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is no private key in PEM") from None
    if _spelled(key.public_key()) != _spelled(owner):
        raise ValueError("does not belong to the first certificate of the chain")
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _info(certificate: x509.Certificate) -> CertificateInfo:
    return CertificateInfo(
        subject=certificate.subject.rfc4514_string(), expires_at=certificate.not_valid_after_utc
    )


def _spelled(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
