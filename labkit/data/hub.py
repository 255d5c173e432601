"""A pretrained model's files from the Hugging Face hub, on machines that may ask it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labkit.errors import OfflineError

__all__ = ["hub_folder"]

_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def hub_folder(
    repository: str, *, revision: str | None = None, files: Sequence[str] = _FILES
) -> Path:
    """The folder with a model's files: from the hub's cache on this machine, else fetched to it.

    Give it to ``models.load_bert`` or ``models.SentenceEncoder``. Name a ``revision`` (a commit)
    where a result is to be repeated: a name on the hub may be given new weights.

    Args:
        repository: owner and name, such as ``"sentence-transformers/all-MiniLM-L6-v2"``.
        revision: commit, tag or branch; the newest if not given.
        files: what is needed of it; nothing else is fetched, and nothing of it is executed.

    Raises:
        OfflineError: ``huggingface_hub`` is not installed, or the files are neither here nor to
            be had; says what to do.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise OfflineError(
            f"{repository} comes from the Hugging Face hub, and huggingface_hub is not installed. "
            "Install it with `pip install huggingface_hub`, or give the folder of a downloaded "
            "copy."
        ) from error
    fetch, patterns = huggingface_hub.snapshot_download, list(files)
    try:
        try:  # what is here is taken without asking the network
            folder = Path(
                fetch(repository, revision=revision, allow_patterns=patterns, local_files_only=True)
            )
            if not _missing(folder, files):
                return folder
        except FileNotFoundError:
            pass
        folder = Path(fetch(repository, revision=revision, allow_patterns=patterns))
    except (OSError, ValueError) as error:  # no network, no such repository, a wrong name
        raise OfflineError(_by_hand(repository, files, type(error).__name__)) from error
    missing = _missing(folder, files)
    if missing:
        raise OfflineError(_by_hand(repository, files, f"it has no {missing[0]}"))
    return folder


def _missing(folder: Path, files: Sequence[str]) -> list[str]:
    return [name for name in files if not (folder / name).is_file()]


def _by_hand(repository: str, files: Sequence[str], cause: str) -> str:
    return (
        f"{repository} is not on this machine and cannot be fetched from the Hugging Face hub "
        f"({cause}). Download {', '.join(files)} from https://huggingface.co/{repository} "
        "elsewhere, put them into one folder, and give that folder."
    )
