"""Data: a register of official sets, one way in, every standard format.

`load(name)` finds the files of a set below LABKIT_DATA or the user's cache folder (fetching them
where they are missing), refuses any that is not the one the register knows, and returns arrays.
"""

from __future__ import annotations

from labkit.data.dataset import Dataset
from labkit.data.hub import hub_folder
from labkit.data.inventory import (
    FileReport,
    SetReport,
    SetSummary,
    data_list,
    fetch,
    verify,
)
from labkit.data.load import load
from labkit.data.registry import available

__all__ = [
    "Dataset",
    "FileReport",
    "SetReport",
    "SetSummary",
    "available",
    "data_list",
    "fetch",
    "hub_folder",
    "load",
    "verify",
]
