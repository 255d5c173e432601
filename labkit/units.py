"""Units of measure: constants to compute with, and numbers printed the way people read them."""

from __future__ import annotations

import math

__all__ = ["GIB", "GIGA", "KIB", "MEBI", "MEGA", "TERA", "format_bytes", "format_si", "format_time"]

MEGA = 1e6
GIGA = 1e9
TERA = 1e12
KIB = 1024
MEBI = 1024**2
GIB = 1024**3

_SI = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SI_SMALL = ((1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))


def format_si(value: float, unit: str = "", digits: int = 3) -> str:
    """A number with an SI prefix, rounded to ``digits`` significant digits.

    Example:
        >>> format_si(1.647e9, "FLOP")
        '1.65 GFLOP'
        >>> format_si(2.5e-5, "s"), format_si(0, "B"), format_si(999.9, "s")
        ('25 µs', '0 B', '1 ks')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    rounded = float(f"{value:.{digits - 1}e}")  # 999.9 becomes 1000 before a prefix is chosen
    scale, prefix = next(
        (pair for pair in _SI + _SI_SMALL if abs(rounded) >= pair[0]), _SI_SMALL[-1]
    )
    return f"{rounded / scale:.{digits}g} {prefix}{unit}".rstrip()


def format_time(seconds: float, digits: int = 3) -> str:
    """A duration in the unit a person would choose.

    Example:
        >>> format_time(0.00003), format_time(1.5), format_time(90), format_time(7500)
        ('30 µs', '1.5 s', '1 min 30 s', '2 h 5 min')
    """
    if seconds < 60 or not math.isfinite(seconds):
        return format_si(seconds, "s", digits)
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_bytes(n_bytes: float, digits: int = 3) -> str:
    """A size in binary units (1 KiB = 1024 B).

    Example:
        >>> format_bytes(2 * GIB), format_bytes(1536), format_bytes(10)
        ('2 GiB', '1.5 KiB', '10 B')
    """
    value, units = float(n_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while abs(value) >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.{max(digits, len(str(int(abs(value)))))}g} {units[0]}"
