"""The ways into a notebook: this page's file, Binder, Colab, a terminal."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "ADDRESS_OF_THIS_REPOSITORY"


def repository_address(root: Path = ROOT) -> str:
    """``https://github.com/OWNER/NAME`` from ``LABKIT_REPOSITORY`` or git, ``""`` if unknown."""
    said = os.environ.get("LABKIT_REPOSITORY", "")
    if not said:
        command = ["git", "-C", str(root), "remote", "get-url", "origin"]
        said = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    found = re.search(r"github\.com[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$", said)
    return f"https://github.com/{found[1]}/{found[2]}" if found else ""


def binder_address(notebook: str, repository: str) -> str:
    """Where Binder opens one notebook."""
    owner_name = repository.removeprefix("https://github.com/")
    return (
        f"https://mybinder.org/v2/gh/{owner_name}/HEAD?urlpath=lab/tree/notebooks/{notebook}.ipynb"
    )


def colab_address(notebook: str, repository: str) -> str:
    """Where Colab opens one notebook."""
    owner_name = repository.removeprefix("https://github.com/")
    return (
        f"https://colab.research.google.com/github/{owner_name}/blob/HEAD/notebooks/"
        f"{notebook}.ipynb"
    )


def colab_cell(repository: str) -> str:
    """The cell to run first on Colab: the pinned versions, and labkit beside the notebook."""
    return (
        f"!git clone --depth 1 {repository or UNKNOWN} labkit\n"
        "%cd labkit/notebooks\n"
        "%pip install --quiet -r ../requirements.lock\n"
        "%pip install --quiet --no-deps -e ..\n"
        "# Then: Runtime > Restart session, and run the notebook from its first cell."
    )


def doors(notebook: str, repository: str) -> str:
    """The block below a notebook's title, in MyST Markdown."""
    links = [
        f'<a href="{notebook}.ipynb" download>Download this notebook</a>',
    ]
    if (ROOT / "docs" / "teacher" / f"{notebook}.md").exists():
        links.append(f'<a href="../teacher/{notebook}.html">Teacher\'s page</a>')
    if repository:
        links[1:1] = [
            f'<a href="{binder_address(notebook, repository)}">Open on Binder</a>',
            f'<a href="{colab_address(notebook, repository)}">Open in Colab</a>',
        ]
    listed = "".join(f"<li>{link}</li>" for link in links)
    return f"""<ul class="doors">{listed}</ul>

<details><summary>Run it yourself</summary>

In a checkout of the repository:

```sh
make lab                                # JupyterLab
.venv/bin/labkit run {notebook}         # unattended, with a record of time and memory
```

On Colab, run this cell first; it installs the pinned versions:

```
{colab_cell(repository)}
```

</details>"""
