"""Run an ASGI application on a loopback port until it is told to stop."""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from labkit.errors import ArgumentError
from labkit.serve.settings import Settings

__all__ = ["LOOPBACK", "announce", "listen", "make_server", "run_app"]

LOOPBACK = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """A socket bound to the loopback address; port 0 takes any that is free.

    Raises:
        ArgumentError: the port is taken or not allowed.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise ArgumentError("port", required="free", got=port, fix=str(error)) from error
    return bound


def announce(port: int, **told: Any) -> None:
    """Say on standard output, in one line of JSON, that the server answers on ``port``."""
    sys.stdout.write(json.dumps({"event": "listening", "port": port, **told}) + "\n")
    sys.stdout.flush()


def make_server(
    app: Callable[..., Any], settings: Settings, on_stop: Callable[[], None] = lambda: None
) -> Any:
    """A uvicorn server with the bounds of ``settings``; ``.run(sockets=[...])`` runs it.

    Raises:
        ImportError: the extra ``serve`` is not installed.
    """
    import uvicorn

    from labkit.serve.connection import bounded

    class Server(uvicorn.Server):
        def handle_exit(self, *_: object) -> None:
            on_stop()
            # Not kept in the list of signals: it ended this server well, and is not raised again.
            self.should_exit = True

    return Server(
        uvicorn.Config(
            app,
            http=bounded(settings),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=max(1, round(settings.idle_timeout_s)),
            timeout_graceful_shutdown=max(1, round(settings.drain_timeout_s)),
        )
    )


def run_app(
    app: Callable[..., Any],
    bound: socket.socket,
    settings: Settings,
    *,
    on_stop: Callable[[], None] = lambda: None,
    watch_stdin: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT (or the end of standard input), then drain.

    Args:
        app: the ASGI application; its lifespan is run.
        bound: from :func:`listen`.
        settings: the bounds.
        on_stop: called when the end begins, before requests in flight have finished.
        watch_stdin: stop too when standard input ends, as it does when the parent dies.
    """
    server = make_server(app, settings, on_stop)
    if watch_stdin:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    # The engine's thread waits for Python's lock while the loop holds it: at most so long.
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()  # what stands now stays: a collection need not look at it again
    server.run(sockets=[bound])


def _stop_at_end_of_input(server: Any) -> None:
    # Not through sys.stdin, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 4096):
        pass
    server.handle_exit()
