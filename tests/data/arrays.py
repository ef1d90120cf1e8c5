"""Writes arrays as NumPy does, for the tests of the readers: `pip install numpy==2.4.6 && python arrays.py`."""

import gzip
import struct
from pathlib import Path

import numpy as np

folder = Path(__file__).parent
# Multiples of 1/4: the same number in every type that holds fractions.
quarters = np.arange(12).reshape(3, 4) / 4 - 1

np.save(folder / "fortran.npy", np.asfortranarray(quarters.astype(">f8")))
with open(folder / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, quarters.astype("<f4"), version=(2, 0))

arrays = {
    "x": quarters.astype(np.float32),
    "t": np.array([2, 0, 1]),
    "small": np.array([-128, 127], np.int8),
    "large": np.array([0, 2**64 - 1], np.uint64),
    "truth": np.array([[True], [False]]),
    "number": np.array(0.5),
    "empty": np.zeros((0, 3)),
    "complex": np.array([1j]),
    "names": np.array(["a", "bc"]),
}
np.savez(folder / "plain.npz", **arrays)
np.savez_compressed(folder / "packed.npz", **arrays)

# Two images of 2 x 3 bytes, numbered through.
idx = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 2, 3) + bytes(range(0, 240, 20))
(folder / "images.idx").write_bytes(idx)
(folder / "images.idx.gz").write_bytes(gzip.compress(idx, mtime=0))
