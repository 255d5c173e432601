"""Downloads, against a server on loopback that serves the real files, well and badly."""

from __future__ import annotations

import dataclasses
import multiprocessing
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from labkit.data.download import obtain
from labkit.data.registry import Copy, SourceFile, entry
from labkit.data.store import sha256_of
from labkit.errors import DataError, OfflineError

pytestmark = pytest.mark.real_data
REAL = "fashion-mnist/t10k-labels-idx1-ubyte.gz"  # 5,148 bytes


class Handler(BaseHTTPRequestHandler):
    """The first part of the path says how to misbehave, the rest which file to serve."""

    root: Path
    seen: Counter[str]
    both: threading.Barrier

    def do_GET(self) -> None:
        how, _, name = self.path.strip("/").partition("/")
        self.seen[how] += 1
        content = (self.root / name).read_bytes()
        if how == "absent":
            self.send_error(404)
            return
        if how == "together":
            self.both.wait(timeout=60)  # answer only when two have asked
        if how == "truncated":
            content = content[: len(content) // 2]
        if how == "altered":
            content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        drops = how == "drops" or (how == "drops-once" and self.seen[how] == 1)
        pieces = [content[i : i + 1000] for i in range(0, len(content), 1000)]
        for piece in pieces[: len(pieces) // 2] if drops else pieces:
            self.wfile.write(piece)
            time.sleep({"slow": 0.05, "stalls": 3.0}.get(how, 0.0))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def serve(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that gives the real file with the address of a server that serves it `how`."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    own = {"root": real_data, "seen": Counter(), "both": threading.Barrier(2)}
    handler = type("Served", (Handler,), own)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    (official,) = [f for f in entry("fashion_mnist").files if f.served.path == REAL]

    def file(how: str) -> SourceFile:
        address = f"http://127.0.0.1:{server.server_port}/{how}/{REAL}"
        return dataclasses.replace(official, url=address)

    file.seen = handler.seen  # type: ignore[attr-defined]
    yield file
    server.shutdown()
    server.server_close()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["well", "slow"])
def test_a_file_is_fetched_checked_and_kept(serve: Any, tmp_path: Path, how: str) -> None:
    found = obtain(serve(how), tmp_path)
    assert found.path == tmp_path / REAL
    assert sha256_of(found.path) == found.copy.sha256
    assert leftovers(tmp_path) == [found.path.name]
    obtain(serve(how), tmp_path)
    assert serve.seen[how] == 1  # the second time it is here


@pytest.mark.parametrize("how", ["truncated", "altered"])
def test_a_wrong_file_is_refused_and_not_kept(serve: Any, tmp_path: Path, how: str) -> None:
    with pytest.raises(DataError, match=r"another sha256 than 67da17c7.*Nothing of it was kept"):
        obtain(serve(how), tmp_path, retries=0)
    assert leftovers(tmp_path) == []


def test_a_dropped_connection_is_retried_from_a_clean_start(serve: Any, tmp_path: Path) -> None:
    found = obtain(serve("drops-once"), tmp_path, retries=1)
    assert serve.seen["drops-once"] == 2
    assert sha256_of(found.path) == found.copy.sha256
    assert leftovers(tmp_path) == [found.path.name]


@pytest.mark.parametrize(
    ("how", "cause"),
    [("drops", "ChunkedEncodingError"), ("absent", "HTTPError"), ("stalls", "ConnectionError")],
)
def test_a_server_that_fails_leaves_a_sentence_and_no_file(
    serve: Any, tmp_path: Path, how: str, cause: str
) -> None:
    with pytest.raises(OfflineError, match=rf"cannot be fetched \({cause}\)\. Download http"):
        obtain(serve(how), tmp_path, retries=0, timeout_s=0.3)
    assert leftovers(tmp_path) == []


def test_without_a_network_the_error_says_which_file_to_put_where(tmp_path: Path) -> None:
    file = dataclasses.replace(entry("mnist").files[0], url="http://127.0.0.1:9/train.gz")
    with pytest.raises(OfflineError) as caught:
        obtain(file, tmp_path, retries=0)
    message = str(caught.value)
    assert "Download http://127.0.0.1:9/train.gz elsewhere" in message
    assert f"put it at {tmp_path / 'mnist/train-images-idx3-ubyte.gz'}" in message
    assert "set LABKIT_DATA to a folder that holds mnist/train-images-idx3-ubyte.gz" in message


def test_a_file_without_an_address_is_asked_for_by_hand(tmp_path: Path) -> None:
    file = SourceFile(Copy("ner/eng.train", None, None), home="https://example.org/ner")
    with pytest.raises(OfflineError, match=r"no public address.*Get it as https://example\.org"):
        obtain(file, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "fashion-mnist").write_text("a file where a folder should be")
    with pytest.raises(DataError, match=r"fashion-mnist.* cannot be written"):
        obtain(serve("well"), tmp_path)


def _obtain(file: SourceFile, folder: Path, results: Any) -> None:
    results.put(sha256_of(obtain(file, folder).path))


def test_two_processes_may_fetch_at_once(serve: Any, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results, file = context.Queue(), serve("together")
    both = [context.Process(target=_obtain, args=(file, tmp_path, results)) for _ in range(2)]
    for process in both:
        process.start()
    digests = {results.get(timeout=60) for _ in both}
    for process in both:
        process.join()
    assert digests == {file.served.sha256}
    assert leftovers(tmp_path) == [Path(REAL).name]


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda b: b[:1000], "is cut short: 1,000 of 5,148 bytes"),
        (lambda b: b[:-1] + b"!", "is altered: its sha256 is"),
        (lambda b: b + b"!", "is altered: its sha256 is"),
        (lambda _: b"", "is cut short: 0 of 5,148 bytes"),
    ],
)
def test_a_bad_file_is_moved_aside_and_a_good_one_fetched(
    serve: Any, real_data: Path, tmp_path: Path, damage: Any, fault: str
) -> None:
    path = tmp_path / REAL
    path.parent.mkdir()
    bad = damage((real_data / REAL).read_bytes())
    path.write_bytes(bad)
    with pytest.raises(DataError, match=fault) as caught:
        obtain(serve("well"), tmp_path)
    (aside,) = path.parent.iterdir()
    assert aside.name.startswith(f"{path.name}.corrupt-")
    assert f"moved aside to {aside.name}" in str(caught.value)
    assert aside.read_bytes() == bad  # nothing is lost
    assert sha256_of(obtain(serve("well"), tmp_path).path).startswith("67da17c7")
    assert aside.exists()


def test_a_known_copy_stands_for_the_official_file(real_data: Path, tmp_path: Path) -> None:
    (official,) = [f for f in entry("fashion_mnist").files if f.served.path == REAL]
    elsewhere = dataclasses.replace(official.served, path="mirror.gz", note="a mirror")
    file = SourceFile(Copy("absent.gz", "0" * 64, 1), copies=(elsewhere,))
    shutil.copy(real_data / REAL, tmp_path / "mirror.gz")
    assert obtain(file, tmp_path).copy.note == "a mirror"
