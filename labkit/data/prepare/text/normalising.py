"""One spelling for what reads the same."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["normalise"]


def normalise(text: str, *, lower: bool = True, accents: bool = False) -> str:
    r"""Text in one Unicode form, without control characters, with single spaces.

    Compatibility forms become plain ones (``ﬁ`` to ``fi``, full-width to ASCII), and
    curly quotes and long dashes their ASCII counterparts.

    Args:
        text: any text.
        lower: fold upper and lower case together.
        accents: keep them; else ``é`` becomes ``e``.

    Source: Unicode Standard Annex 15, normalisation form KC.

    Example:
        >>> normalise("  Ｃafé\t‘Déjà’ ﬁne… ")
        "cafe 'deja' fine..."
    """
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    if not accents:
        marked = unicodedata.normalize("NFD", text)
        bare = "".join(char for char in marked if not unicodedata.combining(char))
        text = unicodedata.normalize("NFC", bare)
    text = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    text = re.sub(r"\s+", " ", text).strip()
    return unicodedata.normalize("NFKC", text.casefold()) if lower else text


_PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
