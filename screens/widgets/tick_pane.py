"""A list whose rows are ticked to be copied together."""

from __future__ import annotations

from textual import on

from screens.fitting import clean
from screens.widgets.columns import Cell
from screens.widgets.lazy_table import LazyTable
from screens.widgets.list_pane import ListPane


class TickTable(LazyTable):
    """A table that copies the rows ticked, and the cursor's where none is; ticks outlive filters and sorting."""

    def on_mount(self) -> None:
        """Nothing is ticked."""
        self.texts: dict[object, str] = {}

    def action_tick(self) -> None:
        """Keeps the row's text with its tick: the row may be pages away when it is copied."""
        if row := self.current:
            self.texts[row.id] = self.row_text()
        super().action_tick()

    def action_copy(self) -> None:
        """Copies what is ticked, in the order it was ticked."""
        texts = [text for id_, text in self.texts.items() if id_ in self.ticked]
        if texts:
            self.app.copy_to_clipboard("\n".join(texts))
        else:
            super().action_copy()

    def row_text(self) -> str:
        """The cursor's row, a tab between cells."""
        cells = self.cells(self.current) if self.current else ()
        return "\t".join(clean(cell.text if isinstance(cell, Cell) else cell) for cell in cells)


class TickPane(ListPane):
    """A pane with such a table."""

    TABLE = TickTable

    @on(LazyTable.Ticked)
    def _tell_ticked(self) -> None:
        """The footer's words may be others now."""
        self.screen.refresh_bindings()
