"""One notebook in JupyterLab, as a reader drives it: it waits for what happens, never a time."""

from __future__ import annotations

from pathlib import Path
from typing import Self

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
CELLS = f"[...{NOTEBOOK}.content.model.cells].filter(c => c.type === 'code')"
#: A cell may compute for a while on a busy machine; everything else is much quicker.
TIMEOUT_MS = 240_000
TALLEST_PIXELS = 16_000

#: The text that a cell shows, of any kind of output.
TEXT = """outputs => outputs.map(o => [o.text ?? o.data?.['text/plain'] ?? '', o.ename ?? '',
  o.evalue ?? ''].flat().join(' ')).join(' ')"""


class LabPage:
    """A page of JupyterLab with one notebook open and its kernel ready."""

    def __init__(self, browser, address: str, name: str) -> None:
        self.name = name
        self.page = browser.new_page(viewport={"width": 1280, "height": 1000})
        self.page.set_default_timeout(TIMEOUT_MS)
        self.page.goto(address.format(f"{name}.ipynb"))
        opened = f"window.jupyterapp?.shell && {NOTEBOOK}?.content?.model?.cells?.length > 1"
        self.page.wait_for_function(opened)
        self.kernel_is("idle")
        ready = "window.jupyterapp.commands.isEnabled('notebook:run-all-cells')"
        self.page.wait_for_function(ready)
        self._attach_every_cell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the kernel, so that the next notebook has the machine for itself."""
        self.page.evaluate(f"{NOTEBOOK}.sessionContext.shutdown()")
        self.page.close()

    def _attach_every_cell(self) -> None:
        """Put cells out of view into the page too, so that it is the same wherever it is."""
        content = f"{NOTEBOOK}.content"
        config = f"{{...{content}.notebookConfig, windowingMode: 'none'}}"
        self.page.evaluate(f"() => {{ {content}.notebookConfig = {config} }}")
        cells = "document.querySelectorAll('.jp-Notebook .jp-Cell').length"
        self.page.wait_for_function(f"{cells} === {content}.widgets.length")

    def kernel_is(self, status: str) -> None:
        kernel = f"{NOTEBOOK}.sessionContext?.session?.kernel?.status"
        self.page.wait_for_function(f"{kernel} === '{status}'")

    def run_command(self, command: str) -> None:
        """Start a command of JupyterLab's menus; not waited for."""
        self.page.evaluate(f"() => {{ window.jupyterapp.commands.execute('{command}') }}")

    def run_all(self) -> None:
        """Run all cells; returns when the last has its number or one has failed."""
        self.page.evaluate(f"{CELLS}.forEach(c => c.executionCount = null)")
        self.run_command("notebook:run-all-cells")
        done = "c => c.executionCount || !c.sharedModel.source"
        failed = "c => c.sharedModel.getOutputs().some(o => o.output_type === 'error')"
        self.page.wait_for_function(f"{CELLS}.every({done}) || {CELLS}.some({failed})")
        self.kernel_is("idle")

    def errors(self) -> list[str]:
        """Every error that a cell shows."""
        outputs = self.page.evaluate(f"{CELLS}.flatMap(c => c.sharedModel.getOutputs())")
        return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]

    def broken_widgets(self) -> list[str]:
        """Widgets that show nothing, or an error in place of themselves."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll('.jp-OutputArea-output')]
              .filter(o => /Error displaying widget|Click to show javascript error|Loading widget/
                .test(o.textContent) || (o.querySelector('.jupyter-widgets')
                && o.getBoundingClientRect().height < 20))
              .map(o => o.textContent || 'blank')"""
        )

    def broken_pictures(self) -> list[str]:
        """Pictures in outputs without alternative text, or that did not load."""
        pictures = "[...document.querySelectorAll('.jp-OutputArea-output img')]"
        self.page.wait_for_function(f"{pictures}.every(i => i.complete)")
        return self.page.evaluate(
            f"{pictures}.filter(i => i.alt.length < 15 || !i.naturalWidth).map(i => i.outerHTML)"
        )

    def explorers(self):
        """The controls of each Explorer on the page, each with its picture."""
        return self.page.locator(".labkit-explorer").all()

    def find_cell(self, text: str) -> int:
        """The number of the first code cell that holds this text, made the active one."""
        index = self.page.evaluate(
            f"""text => {{
              const content = {NOTEBOOK}.content;
              const holds = w => w.model.type === 'code'
                && w.model.sharedModel.source.includes(text);
              const index = content.widgets.findIndex(holds);
              if (index >= 0) content.activeCellIndex = index;
              return index;
            }}""",
            text,
        )
        assert index >= 0, f"no code cell holds {text!r}"
        return index

    def source(self) -> str:
        """The active cell's text."""
        return self.page.evaluate(f"{NOTEBOOK}.content.activeCell.model.sharedModel.source")

    def start_cell(self, source: str) -> None:
        """Write this text into the active cell and run it; not waited for."""
        cell = f"{NOTEBOOK}.content.activeCell.model"
        self.page.evaluate(
            f"source => {{ {cell}.sharedModel.source = source; {cell}.clearExecution() }}", source
        )
        self.run_command("notebook:run-cell")

    def run_cell(self, source: str) -> str:
        """Write this text into the active cell, run it, and return what it shows."""
        self.start_cell(source)
        return self.finished()

    def finished(self) -> str:
        """Wait for the active cell to end; what it shows."""
        self.page.wait_for_function(f"{NOTEBOOK}.content.activeCell.model.executionCount > 0")
        self.kernel_is("idle")
        return self.shown()

    def shown(self) -> str:
        """What the active cell shows."""
        outputs = f"{NOTEBOOK}.content.activeCell.model.sharedModel.getOutputs()"
        return self.page.evaluate(f"({TEXT})({outputs})")

    def wait_until_shown(self, holds: str) -> None:
        """Wait until a JavaScript function of the active cell's outputs, as text, is true."""
        outputs = f"{NOTEBOOK}.content.activeCell.model.sharedModel.getOutputs()"
        self.page.wait_for_function(f"({holds})(({TEXT})({outputs}))")

    def screenshot(self, name: str) -> None:
        """The page as it is seen now."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def screenshot_whole(self) -> None:
        """The whole notebook in one tall picture."""
        panel = "document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook')"
        scroller = f"({panel}.querySelector('.jp-WindowedPanel-outer') ?? {panel})"
        height = self.page.evaluate(f"{scroller}.scrollHeight")
        self.page.set_viewport_size({"width": 1280, "height": min(height, TALLEST_PIXELS)})
        self.page.evaluate(f"() => {{ {scroller}.scrollTop = 0 }}")
        self.page.wait_for_function(f"{scroller}.scrollTop === 0")
        self.screenshot(self.name)
        self.page.set_viewport_size({"width": 1280, "height": 1000})
