"""One notebook in JupyterLab, as a reader drives it."""

from __future__ import annotations

from pathlib import Path

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
NOTEBOOK = "window.jupyterapp.shell.currentWidget"
CELLS = f"[...{NOTEBOOK}.content.model.cells].filter(c => c.type === 'code')"
TIMEOUT_MS = 120_000


class LabPage:
    """A page of JupyterLab with one notebook open."""

    def __init__(self, browser, address: str, name: str) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 1000})
        self.page.set_default_timeout(TIMEOUT_MS)
        self.page.goto(address.format(f"{name}.ipynb"))
        self.page.wait_for_function(f"{NOTEBOOK}?.content?.model?.cells?.length > 1")
        self._kernel_is("idle")

    def _kernel_is(self, status: str) -> None:
        kernel = f"{NOTEBOOK}.sessionContext?.session?.kernel?.status"
        self.page.wait_for_function(f"{kernel} === '{status}'")

    def run_command(self, command: str) -> None:
        """A command of JupyterLab's menus, waited for."""
        self.page.evaluate(f"window.jupyterapp.commands.execute('{command}')")

    def run_all(self) -> None:
        """Restart-free "Run All Cells"; returns when the last cell has its number."""
        self.page.evaluate(f"{CELLS}.forEach(c => c.executionCount = null)")
        self.run_command("notebook:run-all-cells")
        done = "c => c.executionCount || !c.sharedModel.source"
        self.page.wait_for_function(f"{CELLS}.every({done})")
        self._kernel_is("idle")

    def outputs(self) -> list[list[dict]]:
        """The outputs of each code cell, as the notebook would store them."""
        return self.page.evaluate(f"{CELLS}.map(c => c.sharedModel.getOutputs())")

    def errors(self) -> list[str]:
        """Every error that a cell shows."""
        flat = [output for outputs in self.outputs() for output in outputs]
        return [f"{o['ename']}: {o['evalue']}" for o in flat if o["output_type"] == "error"]

    def count_cells(self) -> int:
        return self.page.evaluate(f"{NOTEBOOK}.content.widgets.length")

    def show_cell(self, beginning: str):
        """Scroll to the code cell that begins like this; its locator."""
        begins = "w => w.model.sharedModel.source.startsWith(begin)"
        find = f"begin => {NOTEBOOK}.content.widgets.findIndex({begins})"
        return self.show_cell_at(self.page.evaluate(find, beginning))

    def show_cell_at(self, index: int):
        """Scroll to a cell by its number, make it the active one; its locator."""
        self.page.evaluate(
            f"""index => {{
              const content = {NOTEBOOK}.content;
              content.activeCellIndex = index;
              content.scrollToCell(content.widgets[index], 'start');
            }}""",
            index,
        )
        cell = self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')
        cell.wait_for()
        return cell

    def run_cell(self, beginning: str, source: str) -> str:
        """Replace a cell's text, run it, and return what it shows."""
        self.show_cell(beginning)
        self._write(source)
        self.run_command("notebook:run-cell")
        self._kernel_is("idle")
        return self._shown("data", "text/plain")

    def interrupt_cell(self, source: str) -> str:
        """Run this text in the active cell, interrupt it, and return the error it shows."""
        self._write(source)
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
        self._kernel_is("busy")
        self.run_command("notebook:interrupt-kernel")
        self._kernel_is("idle")
        return self._shown("ename")

    def _write(self, source: str) -> None:
        cell = f"{NOTEBOOK}.content.activeCell.model.sharedModel"
        self.page.evaluate(f"source => {{ {cell}.source = source }}", source)

    def _shown(self, *keys: str) -> str:
        """What the active cell's outputs hold at this path of keys."""
        cell = f"{NOTEBOOK}.content.activeCell.model.sharedModel"
        found = self.page.evaluate(f"{cell}.getOutputs()")
        for key in keys:
            found = [output.get(key, {}) for output in found]
        return "".join(str(value) for value in found if value)

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
