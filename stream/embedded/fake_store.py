"""The stand-in for Valkey: fakeredis as a process of its own (arguments: host, port); run by its path."""

import sys

from fakeredis import TcpFakeServer


def main(host: str, port: str) -> None:
    """Serve until killed."""
    TcpFakeServer((host, int(port)), server_type="valkey").serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
