"""Ports of this machine."""

import socket

from ntg_assets.errors import ConfigurationError

HOST = "127.0.0.1"
BACKLOG = 128


def listen(port: int) -> socket.socket:
    """Take a port of this machine (0: any free one).

    Raises:
        ConfigurationError: the port is taken or not allowed.
    """
    # asyncio sends without delay only over sockets that say they are TCP; otherwise each answer
    # waits 40 ms for an acknowledgement
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"port {port} on {HOST} cannot be used ({error.strerror}). Choose another with --port."
        ) from None
    listening.listen(BACKLOG)
    return listening
