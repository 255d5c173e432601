"""One small, valid sample of every format, written here as its specification says.

Each writer puts its files into a folder and returns the arguments of the format's `read_split`.
The real files are read in test_data_real_files.py; these samples are what the bad-input tests
damage, so that these tests run on every machine.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arguments = dict[str, Any]
IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def idx_bytes(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def idx(folder: Path) -> Arguments:
    (folder / "images.gz").write_bytes(gzip.compress(idx_bytes(IMAGES), mtime=0))
    (folder / "labels").write_bytes(idx_bytes(np.array([7, 2, 1], np.uint8)))
    return {"images": folder / "images.gz", "labels": folder / "labels"}


def python2_batch(pixels: np.ndarray, labels: list[int]) -> bytes:
    """A batch as Python 2 and NumPy 1 pickled it, instruction by instruction (protocol 2)."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value  # SHORT_BINSTRING

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)  # BININT

    array = b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + number(0)
    array += b"\x85" + text(b"b") + b"\x87R"  # TUPLE1 ... TUPLE3 REDUCE
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + number(0) + number(1) + b"\x87R"
    dtype += b"(" + number(3) + text(b"|") + b"NNN" + number(-1) * 2 + number(0) + b"tb"
    shape = number(pixels.shape[0]) + number(pixels.shape[1]) + b"\x86"  # TUPLE2
    content = b"T" + struct.pack("<i", pixels.size) + pixels.tobytes()  # BINSTRING
    array += b"(" + number(1) + shape + dtype + b"\x89" + content + b"tb"  # NEWFALSE TUPLE BUILD
    numbers = b"]q\x01(" + b"".join(map(number, labels)) + b"e"
    return b"\x80\x02}(" + text(b"labels") + numbers + text(b"data") + array + b"u."


def tar_bytes(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


PIXELS = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)


def cifar(folder: Path) -> Arguments:
    members = {
        "cifar-10-batches-py/data_batch_1": python2_batch(PIXELS, [6, 9]),
        "cifar-10-batches-py/readme.html": b"<html>",
    }
    (folder / "cifar.tar.gz").write_bytes(tar_bytes(members))
    return {"archive": folder / "cifar.tar.gz", "members": "data_batch_[1-5]"}


def medmnist(folder: Path) -> Arguments:
    labels = np.array([[0], [1], [1]], np.uint8)
    np.savez(folder / "m.npz", train_images=IMAGES, train_labels=labels)
    return {"archive": folder / "m.npz", "member": "train"}


CONLL_2003 = """-DOCSTART- -X- O O

U.N. NNP I-NP I-ORG
official NN I-NP O
Ekeus NNP I-NP I-PER
heads VBZ I-VP O
for IN I-PP O
Baghdad NNP I-NP I-LOC
. . O O

Paris NNP I-NP I-LOC
London NNP B-NP B-LOC
"""


def conll(folder: Path) -> Arguments:
    (folder / "eng.train").write_text(CONLL_2003)
    return {"sentences": folder / "eng.train"}


def phrasebank(folder: Path) -> Arguments:
    lines = ["Profit rose to EUR 5.3 mn .@positive", "Kes\xe4 Oy@home moved .@neutral"]
    (folder / "p.txt").write_bytes("\r\n".join(lines).encode("latin-1"))
    return {"sentences": folder / "p.txt"}


def labelled_text(folder: Path) -> Arguments:
    (folder / "t.csv").write_text('text,category\n"Where is it,\nmy card?",card\nTop up?,top_up\n')
    (folder / "c.json").write_text(json.dumps(["card", "top_up"]))
    return {"table": folder / "t.csv", "categories": folder / "c.json"}


def plain_text(folder: Path) -> Arguments:
    (folder / "t.txt").write_text("First Citizen:\nBefore we proceed.\n")
    return {"text": folder / "t.txt", "start": 0.0, "stop": 0.5}


def qasm(folder: Path) -> Arguments:
    source = '// bell\nOPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\n'
    (folder / "bell.qasm").write_text(source + "cx q[0],q[1];\nmeasure q -> c;\n")
    return {"bell": folder / "bell.qasm"}


def table(folder: Path) -> Arguments:
    rows = "when,kind,load,label\n2020-01-01 00:00:00,A1,1.5,0\n2020-01-01 01:00:00,A2,?,1\n"
    (folder / "t.csv").write_text("\ufeff" + rows, encoding="utf-8")
    return {
        "table": folder / "t.csv",
        "columns": {"when": "time", "kind": "text", "load": "number?", "label": "integer"},
        "missing": ["?"],
        "target": "label",
        "classes": [0, 1],
        "codes": {"kind": {"A1": "north", "A2": "south"}},
    }


def movielens(folder: Path) -> Arguments:
    (folder / "u.data").write_text("196\t242\t3\t881250949\n186\t302\t3\t891717742\n")
    return {"ratings": folder / "u.data"}


def movielens_zip(folder: Path) -> Arguments:
    with zipfile.ZipFile(folder / "ml-100k.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ml-100k/u.data", "196\t242\t3\t881250949\n186\t302\t4\t891717742\n")
    return {"ratings": folder / "ml-100k.zip"}


def ucr(folder: Path) -> Arguments:
    (folder / "TEST.txt").write_text("   1.0e+00   0.5  -0.25   2\n   2.0e+00   1   2   3\n")
    return {"series": folder / "TEST.txt", "length": 3, "classes": 5}


def cmapss(folder: Path) -> Arguments:
    sensors = " ".join(["0.5"] * 24)
    rows = [f"{engine} {cycle} {sensors}  " for engine in (1, 2) for cycle in (1, 2, 3)]
    (folder / "test.txt").write_text("\n".join(rows) + "\n")
    (folder / "RUL.txt").write_text("112 \n98 \n")
    return {"series": folder / "test.txt", "lives": folder / "RUL.txt"}


def traffic_graph(folder: Path) -> Arguments:
    (folder / "speed.csv").write_text("773869,767541\n64.375,67.625\n62.5,0\n")
    return {"speeds": folder / "speed.csv"}


def traffic_adjacency(folder: Path) -> Arguments:
    (folder / "adj.csv").write_text("1,0.39\n0.39,1\n")
    return {"adjacency": folder / "adj.csv"}


def wfdb_record(folder: Path) -> Arguments:
    import wfdb

    samples = np.stack([np.arange(90) - 40, 3 * np.arange(90) - 100], axis=1)
    wfdb.wrsamp(
        "s1", fs=360, units=["mV", "mV"], sig_name=["MLII", "V5"], d_signal=samples,
        fmt=["212", "212"], adc_gain=[200.0, 200.0], baseline=[1024, 1024],
        write_dir=str(folder),
    )  # fmt: skip
    # a code in six bits and the distance from the mark before in ten: N at 10, V at 50, the end
    (folder / "s1.atr").write_bytes(struct.pack("<3H", 1 << 10 | 10, 5 << 10 | 40, 0))
    names = {"header": "s1.hea", "signals": "s1.dat", "annotations": "s1.atr"}
    return {role: folder / name for role, name in names.items()}


def picture(array: np.ndarray, kind: str) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind)
    return stream.getvalue()


def images(folder: Path) -> Arguments:
    frames = {f"frames/{i}.png": picture(np.full((4, 6, 3), i, np.uint8), "PNG") for i in (1, 2)}
    mask = np.zeros((4, 6), np.uint8)
    masks = {f"masks/{i}.bmp": picture(mask + np.uint8(255 * (i - 1)), "BMP") for i in (1, 2)}
    (folder / "clip.tar.gz").write_bytes(tar_bytes(frames | masks))
    return {"archive": folder / "clip.tar.gz", "frames": r"frames/\d\.png", "masks": r"masks/.*"}


#: format module -> writer of a sample; a second sample of one format has a suffix after ":".
SAMPLES: dict[str, Callable[[Path], Arguments]] = {
    "cifar": cifar,
    "cmapss": cmapss,
    "conll": conll,
    "idx": idx,
    "images": images,
    "labelled_text": labelled_text,
    "medmnist": medmnist,
    "movielens": movielens,
    "movielens:zip": movielens_zip,
    "phrasebank": phrasebank,
    "plain_text": plain_text,
    "qasm": qasm,
    "table": table,
    "traffic_graph": traffic_graph,
    "traffic_graph:adjacency": traffic_adjacency,
    "ucr": ucr,
    "wfdb_record": wfdb_record,
}
