"""What the Schools screen says: the tally above the tree, why there is no tree, what a deselection means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from textual.content import Content

from oneroster_tui.errors import RosterSyncError
from screens.fitting import clean
from screens.school_tree import Node
from screens.widgets.columns import Cell
from screens.widgets.confirm import Confirm
from screens.widgets.line import Line, Part
from screens.words import counted

NO_SCHOOL = "No school is known yet."
ASKED_ALREADY = "The provider is being asked already."
NOT_IN_VIEW = "No school is in view."
NOTHING_CHANGED = "Nothing was changed."
ASKING = "   … asking the provider"
NOT_SAVED = "   ● not saved: ctrl+s"


class Tally(Line):
    """The live line above the tree; `tell` gives its parts."""

    def __init__(self, tell: Callable[[], Iterable[Part]]) -> None:
        super().__init__()
        self.tell = tell

    def parts(self, width: int) -> Iterable[Part]:  # noqa: ARG002 -- what does not fit is cut off
        """The line."""
        return self.tell()


def org_cells(node: Node, *, dim: bool) -> list[str | Cell]:
    """An org's cells. `dim`: it is shown only for what is under it."""
    tone = "muted" if dim or not node.is_school else "" if node.listed else "warning"
    return [
        Cell(node.guide + node.shown + ("" if node.listed else " ▲ no longer listed"), tone),
        Cell(node.type, "muted"),
        *(Cell(f"{count:,}") if count else Cell("·", "muted") for count in (node.classes, node.users)),
    ]


def why_no_tree(*, connected: bool, asking: bool, asked: bool, why: str | None) -> tuple[str, str, str]:
    """Why there is no tree; the key that comes next, and what it does.

    Args:
        asked: whether the provider has answered in this session.
        why: why it cannot be asked now.
    """
    if asking:
        return "Asking the provider which schools there are…", "", ""
    if not connected:
        return "No school is known yet, and there is no connection to ask for them.", "2", "sets it up"
    if why:
        return f"{NO_SCHOOL} {why}", "", ""
    if asked:
        return "The provider lists no org at all: ask its administrator what this client may read.", "r", "asks again"
    return NO_SCHOOL, "r", "asks the provider which there are"


def no_answer(error: RosterSyncError) -> Content:
    """Why the provider did not answer, and what to press."""
    return Content.assemble(
        (f"✗ {clean(error.what)}", "bold $error"),
        f"\n{clean(error.do)}" if error.do else "",
        ("\nWhat is shown below is as it was before.  ", "dim"),
        ("r", "bold $accent"),
        " tries again  ",
        ("2", "bold $accent"),
        " tests the connection",
    )


def losing_question(losing: Sequence[Node]) -> Confirm:
    """The question before schools that hold rows are deselected."""
    many = counted(len(losing), "school")
    return Confirm(
        f"{many} that {'holds' if len(losing) == 1 else 'hold'} rows will no longer be synced",
        losing_text(losing),
        act=f"Deselect {many}",
        rest="Go back",
    )


def losing_text(nodes: Sequence[Node]) -> str:
    """What deselecting schools that hold rows means."""
    lines = [
        f"  {node.shown}: {node.classes:,} {'class' if node.classes == 1 else 'classes'}, "
        f"{node.users:,} {'person' if node.users == 1 else 'people'}"
        for node in nodes[:6]
    ]
    if len(nodes) > 6:
        lines.append(f"  … and {len(nodes) - 6} more")
    one = len(nodes) == 1
    return "\n".join(
        [
            *lines,
            "",
            f"Nothing happens to {'its' if one else 'their'} rows: they stay in the roster as they are, and no sync adds, "
            f"changes or removes any until someone decides. Tick {'it' if one else 'them'} again to go on.",
        ]
    )


def summary(nodes: Mapping[str, Node], ticked: Collection[object]) -> str:
    """The live line: `3 of 14 selected · about 4,120 users`."""
    schools = sum(node.is_school for node in nodes.values())
    chosen = [node for node in nodes.values() if node.id in ticked]
    users = sum(node.users for node in chosen)
    known = f" · about {users:,} users" if users else " · users are known after the first sync" if chosen else ""
    return f"{len(chosen):,} of {schools:,} selected{known}"


def unsaved(changed: int) -> str:
    """What leaving would lose; blank where nothing."""
    return f"The choice of {counted(changed, 'school')} is not saved." if changed else ""


def listed(schools: int) -> str:
    """What the provider answered."""
    return f"The provider lists {counted(schools, 'school')}."


def saved(count: int) -> tuple[str, str]:
    """That the choice was saved, and what to do next."""
    then = "5 goes to Sync." if count else "A sync has nothing to do until a school is selected."
    return f"Saved: {counted(count, 'school')} selected", then
