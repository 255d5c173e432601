"""Fetching files: the one place in labkit that talks to the network."""

from __future__ import annotations

from pathlib import Path

from labkit.data.registry import SourceFile
from labkit.data.store import Found, find
from labkit.errors import DataError, OfflineError

__all__ = ["obtain"]

#: Seconds without a byte after which a server counts as gone.
_TIMEOUT_S = 30.0


def obtain(
    file: SourceFile, folder: Path, *, timeout_s: float = _TIMEOUT_S, retries: int = 2
) -> Found:
    """The file on this machine: found below `folder`, else fetched to it.

    A download goes to a temporary name, is checked against its sha256, and only then takes its
    place by an atomic rename. So an interrupted download leaves nothing behind that could be
    taken for the file, a retry starts clean, and two processes may fetch the same file at once.

    Args:
        file: what to get.
        folder: the data folder.
        timeout_s: seconds without a byte after which the server counts as gone.
        retries: how often to try again after a failure.

    Raises:
        DataError: the file here, or the one the server sends, is not the right one.
        OfflineError: it is not here and cannot be fetched; says which file to put where.
    """
    found = find(file, folder)
    if found is not None:
        return found
    target = folder / file.served.path
    if not file.url or file.served.sha256 is None:
        raise OfflineError(_by_hand(file, target, "it has no public address"))
    _fetch(file, folder, target, timeout_s, retries)
    return Found(target, file.served)


def _fetch(file: SourceFile, folder: Path, target: Path, timeout_s: float, retries: int) -> None:
    import pooch
    import requests
    from tqdm.auto import tqdm

    path, sha256 = file.served.path, file.served.sha256
    store = pooch.create(
        path=folder,
        base_url="",
        registry={path: f"sha256:{sha256}"},
        urls={path: file.url},
        retry_if_failed=retries,
    )
    # disable=None: a bar on a terminal and in a notebook, silence in a pipe
    size = file.served.size_bytes or 1
    bar = tqdm(desc=target.name, total=size, unit="B", unit_scale=True, disable=None, leave=False)
    try:
        store.fetch(path, downloader=pooch.HTTPDownloader(progressbar=bar, timeout=timeout_s))
    except requests.exceptions.RequestException as error:
        raise OfflineError(_by_hand(file, target, type(error).__name__)) from error
    except OSError as error:
        raise DataError(f"{target} cannot be written ({error.strerror or error}).") from error
    except ValueError as error:
        raise DataError(
            f"{file.url} does not serve the file that labkit knows as {path}: what came has "
            f"another sha256 than {sha256}. Nothing of it was kept. If the source has published "
            f"a new version, labkit must learn of it first; see {file.home}."
        ) from error
    finally:
        bar.close()


def _by_hand(file: SourceFile, target: Path, cause: str) -> str:
    source = f"Download {file.url} elsewhere" if file.url else f"Get it as {file.home} tells"
    return (
        f"{target.name} is not on this machine and cannot be fetched ({cause}). {source} and put "
        f"it at {target}, or set LABKIT_DATA to a folder that holds {file.served.path}."
    )
