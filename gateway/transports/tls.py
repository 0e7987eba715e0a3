"""TLS as a person configures it, and what a failed handshake means in words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError

# OpenSSL's x509_vfy.h: the verify codes that call for different remedies.
NOT_YET_VALID: Final = 9
EXPIRED: Final = 10
UNKNOWN_ISSUER: Final = frozenset(
    {18, 19, 20, 21}
)  # self-signed, self-signed in chain, no local issuer, unverifiable leaf
WRONG_NAME: Final = frozenset({62, 64})  # host name, address


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Whom to believe, and who we are. Without ``ca_file`` the system's authorities are believed."""

    ca_file: Path | None = None
    certificate_file: Path | None = None  # ours, PEM, with its chain
    key_file: Path | None = None  # of our certificate; None: it stands in certificate_file
    also_ca_file: Path | None = None  # an authority to believe beside the system's, where no ca_file is
    insecure: bool = False  # believe anybody: whoever is on the line reads the password


def context(tls: Tls) -> ssl.SSLContext:
    """Read the files into a context; ConfigError names the file that is wrong."""
    made = ssl.create_default_context()
    if tls.ca_file is not None:
        made = _believing(tls.ca_file)
    elif tls.also_ca_file is not None:
        _believe(made, tls.also_ca_file)
    if tls.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.certificate_file is not None:
        _identify(made, tls.certificate_file, tls.key_file)
    return made


def _believing(ca_file: Path) -> ssl.SSLContext:
    with _named(ca_file):
        return ssl.create_default_context(cafile=ca_file)


def _believe(made: ssl.SSLContext, ca_file: Path) -> None:
    with _named(ca_file):
        made.load_verify_locations(cafile=ca_file)


@contextmanager
def _named(ca_file: Path) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise ConfigError(f"{ca_file}: holds no certificate authority in PEM form (BEGIN CERTIFICATE)") from error
    except OSError as error:
        raise ConfigError(f"{ca_file}: cannot be read: {error.strerror}") from error


def _identify(made: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    names = f"{certificate} and {key}" if key else str(certificate)
    try:
        # Without a password of its own OpenSSL would ask the terminal for the key's.
        made.load_cert_chain(certificate, key, password=b"")
    except ssl.SSLError as error:
        raise ConfigError(
            f"{names}: no certificate and its unencrypted private key in PEM form ({error.reason or 'not readable'})"
        ) from error
    except OSError as error:
        raise ConfigError(f"{names}: cannot be read: {error.strerror}") from error


def in_words(error: ssl.SSLError) -> str:
    """Say what a failed handshake means and what would help."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "reason", None) or error  # an error that Python itself raises has no reason
        return f"no TLS connection ({why}); does that port speak TLS, and does it want a certificate of us?"
    match getattr(error, "verify_code", None):
        case code if code == NOT_YET_VALID:
            return "its certificate is not valid yet: is the clock of this gateway right?"
        case code if code == EXPIRED:
            return "its certificate has expired: renew it there, and look whether the clock of this gateway is right"
        case code if code in UNKNOWN_ISSUER:
            return f"its certificate is signed by nobody we know ({error.verify_message}): set ca_file to its authority"
        case code if code in WRONG_NAME:
            return (
                f"its certificate is for another name ({error.verify_message}): the URL must use the certificate's name"
            )
        case _:
            return f"its certificate is not believed: {getattr(error, 'verify_message', error)}"
