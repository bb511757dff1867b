"""Addresses, passwords, TLS."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stream.embedded.server import Server
from stream.sinks.redis import RedisWriter
from stream.sinks.redis_link import RedisLink, RedisUrlError
from tests.parts.missing import program
from tests.sinks.owner import Owner, client, content, eventually, rate


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", "no scheme"),
        ("localhost:6379", "scheme 'localhost'"),
        ("http://localhost", "scheme 'http'"),
        ("redis://", "no host"),
        ("redis://:6379/0", "no host"),
        ("redis://localhost:port/0", "port"),
        ("redis://localhost:99999/0", "port"),
        ("redis://:secret/word@localhost/0", "password percent-encoded"),
        ("redis://localhost/shop", "'shop'"),
        ("redis://localhost/0?colour=red", "colour"),
        ("redis://localhost/0?socket_timeout=long", "socket_timeout"),
        ("redis://a..b/0", "host"),
    ],
)
def test_a_wrong_url_is_refused_at_once(url: str, found: str) -> None:
    """The error says what was found and what is wanted, and never a password."""
    with pytest.raises(RedisUrlError, match="wanted: redis://") as error:
        RedisWriter(url, "t:fence", list)
    assert found in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://localhost", "localhost:6379/0"),
        ("redis://user:secret@redis.example:6380/12", "redis.example:6380/12"),
        ("rediss://[::1]:6380/", "::1:6380/0"),
        ("redis://localhost/0?decode_responses=true&socket_timeout=1", "localhost:6379/0"),
    ],
)
def test_where_names_no_password(url: str, where: str) -> None:
    """What is logged of an address is host, port and database."""
    assert RedisLink(url, 1.0).where == where


async def test_database_and_options_of_the_url(store: Server) -> None:
    """The number in the path is the database; options that would break the writer are without effect."""
    url = f"redis://{store.address}/3?decode_responses=true&retry_on_timeout=true&client_name=shop"
    async with Owner(store, url=url) as owner:
        owner.commit({"t:a": rate("0.5")})
        await owner.written()
        with client(store, db=3) as reader:
            assert content(reader, "t:a") == {"ratio": "0.5"}
            assert "shop" in [c["name"] for c in reader.client_list()]
        with client(store, db=0) as reader:
            assert reader.dbsize() == 0


async def test_a_wrong_password_is_told_and_never_shown(store: Server) -> None:
    """The reason says that the password is wrong, not what it is; once it is right, writing goes on."""
    with client(store) as reader, capture_logs() as lines:
        reader.config_set("requirepass", "right one")
        async with Owner(store, url=f"redis://:secret@{store.address}/0") as owner:
            await eventually(lambda: owner.writer.error)
            assert "password" in owner.writer.error
            owner.commit({"t:a": rate("0.5")})
            reader.config_set("requirepass", "secret")
            await owner.written()
            assert content(reader, "t:a") == {"ratio": "0.5"}
    assert "secret" not in str(lines)


class TlsRedis(Server):
    """A Redis that speaks TLS only, with a password, and its certificate made for it."""

    name = "TLS Redis"

    def command(self) -> Sequence[str]:
        """Make the certificate and return the command line."""
        redis, openssl = program("redis-server", "redis-server"), program("openssl", "openssl")
        make = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", str(self.key), "-out", str(self.certificate), "-days", "2"]
        subprocess.run([*make, *names, *files], check=True, capture_output=True, timeout=30)
        tls = ["--tls-port", str(self.port), "--port", "0", "--tls-auth-clients", "no"]
        files = ["--tls-cert-file", str(self.certificate), "--tls-key-file", str(self.key)]
        return [redis, "--bind", self.host, *tls, *files, "--requirepass", "secret", "--save", ""]

    @property
    def certificate(self) -> Path:
        """The certificate, which signs itself."""
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.folder / "key.pem"


async def test_tls() -> None:
    """``rediss://`` encrypts, and checks whom it speaks to."""
    with TlsRedis() as store:
        url = f"rediss://:secret@localhost:{store.port}/0"
        async with Owner(store, url=f"{url}?ssl_ca_certs={store.certificate}") as owner:
            await owner.written()
            assert owner.writes >= 0
            owner.commit({"t:a": rate("0.5")})
            await owner.written()
            assert owner.writes == 1
        async with Owner(store, url=url) as owner:
            await eventually(lambda: "certificate" in owner.writer.error.lower())
            assert not owner.writer.connected
