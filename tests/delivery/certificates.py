"""Certificates for loopback and for names that only tests know, from authorities nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stampbook.delivery.credentials import ClientCertificate

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def shown(self) -> ClientCertificate:
        return ClientCertificate(chain=self.pem, key=self.key_pem)

    def file(self, folder: Path) -> Path:
        """Write a file that holds the key and the certificate."""
        path = folder / f"{self.certificate.serial_number}.pem"
        path.write_text(self.key_pem + self.pem)
        return path

    def issue(
        self, name: str, hosts: Sequence[str] = (), *, is_authority: bool = False
    ) -> "Holder":
        """Vouch for a name; `hosts` are the places where a server of that name may stand."""
        return _issue(name, hosts, self, is_authority=is_authority)


def authority(name: str = "an authority of a test") -> Holder:
    return _issue(name, (), None, is_authority=True)


def self_signed(folder: Path) -> Path:
    """Write a file that holds a key and a certificate for it, which nobody else vouches for."""
    return _issue("a shop on loopback", ["127.0.0.1"], None, is_authority=True).file(folder)


def common_name(certificate: bytes) -> str:
    """Read whose certificate it is."""
    subject = x509.load_der_x509_certificate(certificate).subject
    return str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def _issue(name: str, hosts: Sequence[str], issuer: Holder | None, *, is_authority: bool) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251 - the certificate must hold on the real clock
    extensions: list[x509.ExtensionType] = [
        x509.BasicConstraints(ca=is_authority, path_length=None),
        _usage(is_authority=is_authority),
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
    ]
    if hosts:
        extensions.append(x509.SubjectAlternativeName([_general_name(host) for host in hosts]))
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now - A_DAY,
        now + A_DAY,
    )
    for extension in extensions:
        is_critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
        builder = builder.add_extension(extension, critical=is_critical)
    return Holder(builder.sign(signer, hashes.SHA256()), key)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    if host[0].isdigit():
        return x509.IPAddress(ip_address(host))
    return x509.DNSName(host)
