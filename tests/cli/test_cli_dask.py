"""The same run on a Dask cluster: this machine's, of one worker."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from labkit.cli import main
from labkit.cli.gather import gather

distributed = pytest.importorskip("distributed", reason="Dask is not installed")

# Dask leaves sockets to the garbage collector when a cluster in the same process closes.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def scheduler(tmp_path):
    """The address of a scheduler on the loopback, with one worker of two threads."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address=None, local_directory=str(tmp_path),
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def test_a_sweep_on_a_cluster_gives_the_table_of_one_on_processes(
    scheduler, course, environment, monkeypatch
):
    monkeypatch.chdir(course)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    command = ["run", "01_good", "02_breaks", "--grid", "epochs", "1,2", "--jobs", "2"]
    on_cluster = CliRunner().invoke(main, [*command, "--dask", scheduler, "--out", "cluster"])
    assert on_cluster.exit_code == 1, on_cluster.output
    assert on_cluster.output.count("ZeroDivisionError") == 2
    assert "MiB of memory" in on_cluster.output
    on_processes = CliRunner().invoke(main, [*command, "--out", "processes"])
    assert on_processes.exit_code == 1, on_processes.output
    tables = [gather(course / name) for name in ("cluster", "processes")]
    assert tables[0].equals(tables[1]), tables
    assert list(tables[0]["status"]) == ["ok", "ok", "failed", "failed"]


def test_an_address_where_nobody_answers_is_refused_before_anything_runs(course, monkeypatch):
    monkeypatch.chdir(course)
    monkeypatch.setattr("labkit.cli.remote.CONNECT_TIMEOUT_S", 1)
    done = CliRunner().invoke(main, ["run", "01_good", "--dask", "tcp://127.0.0.1:9"])
    assert done.exit_code == 2
    assert "the address of a Dask scheduler that answers" in done.output
    assert not (course / "runs").exists()
