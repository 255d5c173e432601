"""Feeding: laws over a table of sources and orders, resuming, hosts, and memory that stays flat."""

import threading

import jax
import numpy as np
import psutil
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.sharding import NamedSharding, PartitionSpec
from pyarrow import parquet

from labkit.data.feed import (
    ArraySource,
    Batches,
    BlockShuffled,
    Feed,
    InOrder,
    NpySource,
    ParquetSource,
    Position,
    Shuffled,
    worker_batches,
    write_npy,
)
from labkit.errors import ArgumentError, DataError, ShapeError
from labkit.units import MEBI

N = 50
IMAGES = np.random.default_rng(0).integers(0, 256, (N, 3), dtype=np.uint8)
LABELS = np.arange(N)
ORDERS = {
    "in order": InOrder,
    "shuffled": Shuffled,
    "blocks": lambda rows: BlockShuffled(rows, block=7, window=3),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The same rows from memory, from memory-mapped files, and from Parquet."""
    folder = tmp_path_factory.mktemp("feed")
    np.save(folder / "images.npy", IMAGES)
    write_npy(folder / "labels.npy", np.array_split(LABELS, 7), shape=(N,), dtype=LABELS.dtype)
    flat = pa.FixedSizeListArray.from_arrays(pa.array(IMAGES.ravel()), 3)
    table = pa.table({"image": flat, "label": LABELS})
    parquet.write_table(table, folder / "rows.parquet", row_group_size=8)
    return {
        "memory": ArraySource(IMAGES, LABELS),
        "npy": NpySource(folder / "images.npy", folder / "labels.npy", limit_bytes=100_000),
        "parquet": ParquetSource(folder / "rows.parquet", ["image", "label"], groups_in_memory=2),
    }


@pytest.mark.parametrize("name", ["memory", "npy", "parquet"])
def test_every_source_gives_the_rows_asked_for(sources, name):
    source = sources[name]
    assert len(source) == N
    for rows in ([0], [49, 0, 49, 17], [], list(range(N))[::-1]):
        asked = np.array(rows, dtype=np.intp)
        images, labels = source.take(asked) if len(asked) else (IMAGES[:0], LABELS[:0])
        np.testing.assert_array_equal(images, IMAGES[asked])
        np.testing.assert_array_equal(labels, LABELS[asked])


@pytest.mark.parametrize("name", ORDERS)
@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 200), epoch=st.integers(0, 3))
def test_every_order_visits_each_row_once_and_repeats_itself(name, rows, epoch):
    order = ORDERS[name](rows)
    np.testing.assert_array_equal(np.sort(order(epoch)), np.arange(rows))
    np.testing.assert_array_equal(order(epoch), order(epoch))


@pytest.mark.parametrize("name", ["shuffled", "blocks"])
def test_a_shuffle_is_fresh_each_epoch_and_for_each_seed(name):
    order = ORDERS[name](N)
    other = type(order)(**{**vars(order), "seed": 1})
    assert (order(0) != order(1)).any()
    assert (order(0) != other(0)).any()


def test_a_block_shuffle_needs_only_its_window_in_memory():
    order = BlockShuffled(1000, block=10, window=4, seed=0)(epoch=2)
    for start in range(0, 1000, 40):
        assert len(np.unique(order[start : start + 40] // 10)) == 4


@pytest.mark.parametrize("source", ["memory", "npy", "parquet"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("stop", [1, 7, 8])
def test_a_run_resumed_from_its_position_sees_the_same_batches(sources, source, order, stop):
    batches = Batches(sources[source], 6, ORDERS[order](N))
    with Feed(batches, epochs=2) as whole:
        expected = [np.asarray(labels) for _, labels in whole]
    assert len(expected) == 2 * (N // 6)
    with Feed(batches, epochs=2) as first:
        seen = [np.asarray(next(first)[1]) for _ in range(stop)]
        saved = tuple(map(int, first.position))  # as a checkpoint would hold it
    with Feed(batches, position=saved, epochs=2) as second:
        seen += [np.asarray(labels) for _, labels in second]
    np.testing.assert_array_equal(seen, expected)


@settings(max_examples=30, deadline=None)
@given(hosts=st.sampled_from([1, 2, 3, 6]), rest=st.booleans(), epoch=st.integers(0, 2))
def test_the_parts_of_the_hosts_make_the_batches_of_one(hosts, rest, epoch):
    source, order = ArraySource(LABELS), Shuffled(N, seed=4)
    alone = Batches(source, 12, order, drop_remainder=not rest)
    parts = [
        Batches(source, 12, order, drop_remainder=not rest, host=host, hosts=hosts)
        for host in range(hosts)
    ]
    assert len(alone) == 4 + rest
    for batch in range(len(alone)):
        position = Position(epoch, batch)
        together = np.concatenate([part.at(position)[0] for part in parts])
        np.testing.assert_array_equal(together, alone.at(position)[0])


def test_a_batch_can_lie_over_several_devices():
    mesh = jax.make_mesh((jax.device_count(),), ("data",))
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    batches = Batches(ArraySource(IMAGES), 8 * jax.device_count(), InOrder(N))
    with Feed(batches, epochs=1, sharding=sharding) as feed:
        (images,) = next(feed)
    assert images.sharding == sharding
    np.testing.assert_array_equal(images, IMAGES[: len(images)])


def test_epoch_stops_at_its_end_and_goes_on_after_a_pause():
    with Feed(Batches(ArraySource(LABELS), 10, InOrder(N))) as feed:
        next(feed)
        assert len(list(feed.epoch())) == 4
        assert feed.position == (1, 0)
        assert len(list(feed.epoch())) == 5


def test_an_error_in_the_thread_reaches_the_caller_and_no_thread_stays():
    class Broken(ArraySource):
        def take(self, rows):
            if 30 in rows:
                raise DataError("row 30 is damaged")
            return super().take(rows)

    before = threading.active_count()
    feed = Feed(Batches(Broken(LABELS), 10, InOrder(N)))
    assert [int(next(feed)[0][0]) for _ in range(3)] == [0, 10, 20]
    with pytest.raises(DataError, match="row 30"):
        next(feed)
    assert list(feed) == []
    abandoned = Feed(Batches(ArraySource(LABELS), 10, InOrder(N)))
    next(abandoned)
    abandoned.close()
    assert threading.active_count() == before


def test_streaming_stays_at_constant_memory(tmp_path):
    """192 MiB pass through; the process may grow by the 32 MiB it was allowed, and slack."""
    rows, width = 192, MEBI
    chunks = (np.full((8, width), i, np.uint8) for i in range(rows // 8))
    write_npy(tmp_path / "large.npy", chunks, shape=(rows, width), dtype=np.uint8)
    source = NpySource(tmp_path / "large.npy", limit_bytes=32 * MEBI)
    batches = Batches(source, 4, BlockShuffled(rows, block=4, window=4))
    process, total, peak = psutil.Process(), 0, 0
    start = process.memory_info().rss
    with Feed(batches, epochs=1, ahead=1) as feed:
        for (images,) in feed:
            total += int(images[:, 0].astype(int).sum())
            peak = max(peak, process.memory_info().rss)
    assert total == 8 * sum(range(rows // 8))
    # the map's 32 MiB, and four batches of 4 MiB: read, copied, waiting, in use
    assert peak - start < 96 * MEBI


def _noisy(number, generator):
    return {"number": np.int64(number), "noise": generator.random()}


def test_grain_batches_are_reproducible_and_resumable():
    first, second = (
        worker_batches(range(20), _noisy, batch_size=4, seed=3, epochs=2) for _ in range(2)
    )
    head = [next(first) for _ in range(3)]
    state = first.get_state()
    tail = list(first)
    assert len(head) + len(tail) == 10
    first.set_state(state)
    for one, other in zip(list(first), tail, strict=True):
        np.testing.assert_array_equal(one["noise"], other["noise"])
    whole = list(second)
    for one, other in zip(whole, head + tail, strict=True):
        np.testing.assert_array_equal(one["noise"], other["noise"])
    for epoch in (whole[:5], whole[5:]):
        numbers = np.concatenate([batch["number"] for batch in epoch])
        np.testing.assert_array_equal(np.sort(numbers), np.arange(20))
    parts = [
        worker_batches(range(20), _noisy, batch_size=5, epochs=1, host=h, hosts=2) for h in (0, 1)
    ]
    numbers = np.concatenate([batch["number"] for part in parts for batch in part])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(20))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: ArraySource([1, 2], [1]), ShapeError, "all of one length"),
        (lambda p: Batches(ArraySource(LABELS), 51, InOrder(N)), ArgumentError, "the 50 rows"),
        (
            lambda p: Batches(ArraySource(LABELS), 8, InOrder(N), hosts=3),
            ArgumentError,
            "multiple of the 3 hosts",
        ),
        (
            lambda p: Batches(ArraySource(LABELS), 8, InOrder(N), host=2, hosts=2),
            ArgumentError,
            "host must be from 0 to 1",
        ),
        (
            lambda p: Batches(ArraySource(LABELS), 8, InOrder(N)).at(Position(0, 6)),
            ArgumentError,
            "a batch from 0 to 5",
        ),
        (lambda p: BlockShuffled(9, block=0), ArgumentError, "block must be at least 1"),
        (lambda p: NpySource(p / "absent.npy"), DataError, "does not exist"),
        (lambda p: NpySource(p / "cut.npy"), DataError, "not a whole .npy file"),
        (lambda p: NpySource(p / "words.npy"), DataError, "not a whole .npy file"),
        (lambda p: ParquetSource(p / "words.npy", ["x"]), DataError, "cannot be read as Parquet"),
        (lambda p: ParquetSource(p / "t.parquet", ["y"]), DataError, "no column 'y'"),
        (
            lambda p: ParquetSource(p / "t.parquet", ["x"]).take(np.array([0])),
            DataError,
            "1 missing values",
        ),
        (
            lambda p: write_npy(p / "w.npy", [np.zeros(3)], shape=(4,), dtype="f4"),
            ShapeError,
            "4 rows in all",
        ),
        (
            lambda p: worker_batches(range(4), _noisy, batch_size=3, hosts=2),
            ArgumentError,
            "the 2 examples of a host",
        ),
    ],
)
def test_errors_say_what_to_change(tmp_path, call, error, message):
    np.save(tmp_path / "cut.npy", IMAGES)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:-9])
    (tmp_path / "words.npy").write_text("not an array")
    parquet.write_table(pa.table({"x": [1, None]}), tmp_path / "t.parquet")
    with pytest.raises(error, match=message):
        call(tmp_path)
    assert not (tmp_path / "w.npy").exists()
