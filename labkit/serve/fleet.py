"""Several replica processes kept alive behind one balancer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labkit.errors import ArgumentError, LabkitError
from labkit.serve.balancer import Balancer
from labkit.serve.logs import LOGGER
from labkit.serve.policies import POLICIES
from labkit.serve.process import ServerProcess, start_server
from labkit.serve.server import announce, listen, run_app
from labkit.serve.settings import Settings

__all__ = ["Fleet", "serve_fleet"]


class Fleet:
    """Starts replicas and replaces each that dies; one thread watches each.

    Args:
        start: starts one replica and returns once it answers.
        count: how many to keep.
        rest_s: between a death and the next start; doubled at each death that follows a start
            within a minute, up to 5 s.
    """

    def __init__(
        self, start: Callable[[], ServerProcess], count: int, *, rest_s: float = 0.1
    ) -> None:
        if count < 1:
            raise ArgumentError("count", required="at least 1", got=count)
        self._start, self._rest_s = start, rest_s
        self._stopping = threading.Event()
        self._up: list[ServerProcess | None] = [None] * count
        self._deaths = [0] * count
        self._keepers = [
            threading.Thread(target=self._keep, args=(i,), daemon=True) for i in range(count)
        ]
        for keeper in self._keepers:
            keeper.start()

    def ports(self) -> list[int]:
        """Of the replicas that are up."""
        return [each.port for each in self._up if each is not None and each.exit_code is None]

    def report(self) -> list[dict[str, Any]]:
        """Of each place: process, port, how often it was filled anew."""
        return [
            {"up": False, "deaths": deaths}
            if each is None
            else {"up": True, "pid": each.pid, "port": each.port, "deaths": deaths}
            for each, deaths in zip(self._up, self._deaths, strict=True)
        ]

    def wait_until_up(self, timeout_s: float = 240.0) -> None:
        """Until every replica answers.

        Raises:
            LabkitError: they do not within ``timeout_s``.
        """
        until_s = time.monotonic() + timeout_s
        while len(self.ports()) < len(self._up):
            if time.monotonic() > until_s:
                raise LabkitError(f"Only {len(self.ports())} of {len(self._up)} replicas started.")
            time.sleep(0.02)

    def stop(self) -> None:
        """Drain and end all of them."""
        self._stopping.set()
        for each in self._up:
            if each is not None:
                each.stop()
        for keeper in self._keepers:
            keeper.join()

    def _keep(self, place: int) -> None:
        rest_s = self._rest_s
        while not self._stopping.is_set():
            begun_s = time.monotonic()
            try:
                replica = self._start()
            except LabkitError as error:
                LOGGER.error("replica failed to start", extra={"fields": {"why": str(error)}})
                code = None
            else:
                self._up[place] = replica
                if self._stopping.is_set():  # told to stop while it started
                    replica.stop()
                code = replica.wait()
                self._up[place] = None
            if self._stopping.is_set():
                return
            self._deaths[place] += 1
            LOGGER.warning("replica died", extra={"fields": {"place": place, "code": code}})
            lived = time.monotonic() - begun_s > 60
            rest_s = self._rest_s if lived else min(2 * rest_s, 5.0)
            self._stopping.wait(rest_s)


def serve_fleet(
    folder: Path,
    settings: Settings,
    port: int = 0,
    *,
    replicas: int,
    policy: str = "power_of_two",
    watch_stdin: bool = False,
) -> None:
    """Serve a bundle from several processes until told to stop."""
    if policy not in POLICIES:
        raise ArgumentError("policy", required=f"one of {', '.join(POLICIES)}", got=policy)
    bound = listen(port)
    fleet = Fleet(lambda: start_server(folder, settings), replicas)
    try:
        fleet.wait_until_up()
        bound.listen(1024)
        announce(bound.getsockname()[1], replicas=replicas)
        balancer = Balancer(fleet, settings, policy=POLICIES[policy])
        run_app(balancer, bound, settings, watch_stdin=watch_stdin)
    finally:
        fleet.stop()
