"""`labkit serve`: an exported model behind an address of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from labkit.errors import LabkitError

__all__ = ["serve"]


@click.command()
@click.argument("bundle", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=8000, show_default=True, help="0 takes any that is free.")
@click.option("--replicas", default=1, show_default=True, help="Processes behind a balancer.")
@click.option("--policy", default="power_of_two", show_default=True, help="Of the balancer.")
@click.option("--max-batch", default=16, show_default=True, help="Requests computed at once.")
@click.option("--max-wait-ms", default=2.0, show_default=True, help="The first of a batch waits.")
@click.option("--engine", default="fastest", show_default=True, help="Or xla, onnxruntime.")
def serve(
    bundle: Path,
    port: int,
    replicas: int,
    policy: str,
    max_batch: int,
    max_wait_ms: float,
    engine: str,
) -> None:
    """Serve BUNDLE, a folder that labkit.export.save_bundle wrote, on the loopback address.

    It speaks the Open Inference Protocol, version 2, tells /metrics to Prometheus, writes its
    log to standard error as JSON lines, and on Ctrl+C answers what it has in hand.
    """
    from labkit.serve import Settings, log_to, serve_fleet, serve_replica

    try:
        settings = Settings(max_batch=max_batch, max_wait_s=max_wait_ms / 1e3, engine=engine)
        log_to()
        if replicas == 1:
            serve_replica(bundle, settings, port)
        else:
            serve_fleet(bundle, settings, port, replicas=replicas, policy=policy)
    except LabkitError as error:
        raise click.ClickException(str(error)) from error
