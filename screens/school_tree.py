"""The family tree: orgs put under their parents, whatever the parents say, and what each row of the tree tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from screens.fitting import clean

if TYPE_CHECKING:
    from oneroster_tui.records import Org
    from oneroster_tui.roster.queries import StoredOrg

DEEPEST = 6
"""Levels that are drawn further to the right; what lies deeper stands under the last of them."""


@dataclass(frozen=True, slots=True)
class Node:
    """An org in the tree.

    Args:
        listed: whether the provider lists it, as far as is known.
        guide: the lines of the tree before its name.
    """

    id: str
    name: str
    type: str
    parent: str | None = None
    listed: bool = True
    classes: int = 0
    users: int = 0
    guide: str = ""

    @property
    def is_school(self) -> bool:
        """Whether it can be chosen."""
        return self.type == "school"

    @property
    def holds(self) -> bool:
        """Whether the roster has rows of it."""
        return bool(self.classes or self.users)

    @property
    def shown(self) -> str:
        """Its name; its id where it has none."""
        return clean(self.name, 120) or clean(self.id, 80)


def merged(stored: Iterable[StoredOrg], offered: Sequence[Org] | None, selected: Collection[str]) -> list[Node]:
    """What is known of the orgs: the provider's newest word where there is one, the roster's counts, and the selection.

    An org that is no longer listed is shown only where it is selected or still holds rows.
    """
    nodes = {
        one.sourced_id: Node(one.sourced_id, one.name, one.type, one.parent, one.listed, one.classes, one.users)
        for one in stored
    }
    if offered is not None:
        nodes = {id_: replace(node, listed=False) for id_, node in nodes.items()}
        for org in offered:
            before = nodes.get(org.sourced_id, Node(org.sourced_id, "", ""))
            nodes[org.sourced_id] = replace(
                before, name=org.name, type=org.type, parent=org.parent_sourced_id, listed=True
            )
    for school in selected:
        if school not in nodes:
            nodes[school] = Node(school, "", "school", listed=False)
    return [node for node in nodes.values() if node.listed or node.holds or node.id in selected]


def arranged(nodes: Iterable[Node]) -> list[Node]:
    """The nodes as a tree, each once: siblings by name; one without a known parent, or in a circle of parents, on top."""
    by_id = {node.id: node for node in nodes}
    below: dict[str | None, list[Node]] = {}
    for node in sorted(by_id.values(), key=lambda node: (node.shown.casefold(), node.id)):
        below.setdefault(node.parent if node.parent in by_id and node.parent != node.id else None, []).append(node)
    found: list[Node] = []
    seen: set[str] = set()
    for root in [*below.get(None, []), *by_id.values()]:  # whom no root leads to is in a circle: it begins anywhere
        if root.id in seen:
            continue
        seen.add(root.id)
        waiting = [(root, "", "")]
        while waiting:  # by hand: a chain of parents may be deeper than Python calls
            node, guide, beneath = waiting.pop()
            found.append(replace(node, guide=guide))
            children = [child for child in below.get(node.id, []) if child.id not in seen]
            seen.update(child.id for child in children)
            further = len(beneath) < 2 * DEEPEST
            for place, child in reversed(list(enumerate(children))):
                last = place == len(children) - 1
                waiting.append(
                    (child, beneath + ("└ " if last else "├ "), beneath + ("· " if last else "│ ") * further)
                )
    return found


def found_in(nodes: Sequence[Node], text: str) -> tuple[list[Node], set[str]]:
    """The nodes of a tree that hold every word, with those above them, and the ids of those that are only above."""
    words = text.casefold().split()
    if not words:
        return list(nodes), set()
    by_id = {node.id: node for node in nodes}
    hits = {node.id for node in nodes if all(word in f"{node.name} {node.id} {node.type}".casefold() for word in words)}
    above: set[str] = set()
    for hit in hits:
        parent = by_id[hit].parent
        while parent in by_id and parent not in above:
            above.add(parent)
            parent = by_id[parent].parent
    return [node for node in nodes if node.id in hits or node.id in above], above - hits


def why_not_school(node: Node) -> str | None:
    """Why a node cannot be chosen; None where it can."""
    if node.is_school:
        return None
    kind = clean(node.type, 40) or "of no type"
    return f"{node.shown} is {'' if kind == 'of no type' else 'of type '}{kind}: only schools are synced. Tick those under it."
