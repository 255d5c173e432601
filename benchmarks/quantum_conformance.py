"""Every static QASMBench circuit below LABKIT_DATA, against Qiskit's statevector.

    LABKIT_DATA=... python -m benchmarks.quantum_conformance

Prints one line for each file: the largest error in both precisions, or the error that a
circuit which is not static, or does not parse, is refused with. Fails where an error is above
its tolerance.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import jax
import numpy as np
from qiskit.quantum_info import Statevector

from labkit.errors import CircuitError
from labkit.quantum import load_qasm, to_jax

TOLERANCES = {"complex128": 1e-9, "complex64": 1e-5}


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    root = Path(os.environ["LABKIT_DATA"]) / "quantum" / "QASMBench"
    worst = dict.fromkeys(TOLERANCES, 0.0)
    counts = {"agree": 0, "differ": 0, "refused": 0}
    for path in sorted(root.glob("*/*/*.qasm")):
        began = time.perf_counter()
        try:
            circuit = load_qasm(path)
            errors = {dtype: error(circuit, dtype) for dtype in worst}
        except CircuitError as refusal:
            counts["refused"] += 1
            print(f"{path.stem:28s} refused: {str(refusal).replace(str(root), '…')[:150]}")
            continue
        agrees = all(errors[dtype] < tolerance for dtype, tolerance in TOLERANCES.items())
        counts["agree" if agrees else "differ"] += 1
        worst = {dtype: max(worst[dtype], errors[dtype]) for dtype in worst}
        seconds = time.perf_counter() - began
        shown = "  ".join(f"{dtype} {value:.1e}" for dtype, value in errors.items())
        print(f"{path.stem:28s} {circuit.num_qubits:2d} qubits {circuit.size():6d} gates  {shown}"
              f"  {seconds:.1f} s", flush=True)  # fmt: skip
    print(counts, worst)
    if counts["differ"]:
        raise SystemExit(1)


def error(circuit, dtype: str) -> float:
    static = circuit.remove_final_measurements(inplace=False)
    actual = np.asarray(to_jax(circuit, dtype=dtype).statevector())
    return float(np.abs(actual - Statevector(static).data).max())


if __name__ == "__main__":
    main()
