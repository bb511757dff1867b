"""How one logs in to Kafka: what the configuration says, with what is in the files that it names."""

import ssl
from pathlib import Path
from typing import NamedTuple

from stream.configuration import ConfigurationError
from stream.sections import Auth


class Login(NamedTuple):
    """Who logs in, and how; each is ``None`` where there is none."""

    mechanism: str | None
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None


def login(auth: Auth) -> Login:
    """Return how to log in.

    Raises:
        ConfigurationError: A file cannot be read, or does not hold what it should; names its key.
    """
    password = auth.password
    if auth.password_file:
        password = _read("password_file", auth.password_file).decode().strip()
    return Login(
        auth.mechanism, auth.username or None, password or None, _context(auth) if auth.tls else None
    )


def _context(auth: Auth) -> ssl.SSLContext:
    for key in ("ca_file", "cert_file", "key_file"):
        if path := getattr(auth, key):
            _read(key, path)  # OpenSSL does not say which of them it cannot read
    try:
        context = ssl.create_default_context(cafile=auth.ca_file or None)
    except ssl.SSLError as error:
        raise _refusal("ca_file", auth.ca_file, error, "certificates, PEM") from None
    if auth.cert_file:
        try:
            context.load_cert_chain(auth.cert_file, auth.key_file or None)
        except ssl.SSLError as error:
            raise _refusal("cert_file", auth.cert_file, error, "a certificate and its key, PEM") from None
    return context


def _read(key: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _refusal(key, path, error, "a file that can be read") from None


def _refusal(key: str, path: str, error: OSError, wanted: str) -> ConfigurationError:
    return ConfigurationError(f"kafka.auth.{key}: {path}: {error.strerror}; wanted: {wanted}")
