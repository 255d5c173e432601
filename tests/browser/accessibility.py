"""axe-core on what a browser shows, and what it finds serious."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "build" / "vendor" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")


def serious_issues(page, context: dict | None = None) -> list[str]:
    """What axe-core finds serious or critical on the page, or in a part of it.

    Args:
        page: of playwright.
        context: axe's context, for instance ``{"include": [["main"]]}``; the whole page if none.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "context => axe.run(context || document, {resultTypes: ['violations']})", context
    )
    return [
        f"{violation['id']} at {node['target']}: {node['html'][:120]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not here: make assets fetches it from the npm registry"
)
