"""The house keeps in order: every module says what room it is, fits, and its public names are explained."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("oneroster_tui", "screens", "styles", "bench")
LINES_OF_A_FUNCTION = 60
LINES_OF_A_MODULE = 500
LINES_OF_THE_MEDIAN = 150

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def modules(*rooms: str) -> dict[str, tuple[ast.Module, int]]:
    """Path -> what stands in it, and its lines."""
    found = {}
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found[path.relative_to(ROOT).as_posix()] = (ast.parse(text), text.count("\n"))
    return found


def named(node: ast.AST, inside: str = "") -> Iterator[tuple[str, Named]]:
    """The classes and functions of a module and of its classes, with their full names; not what a function keeps to itself."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Named):
            yield f"{inside}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from named(child, f"{inside}{child.name}.")
        elif isinstance(child, ast.If | ast.Try | ast.With):
            yield from named(child, inside)


def test_every_function_fits_a_screen() -> None:
    long = [
        f"{path}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path, (tree, _) in modules(*ROOMS, "tests").items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_no_module_is_two() -> None:
    lines = {path: count for path, (_, count) in modules(*ROOMS).items()}
    assert {path: count for path, count in lines.items() if count > LINES_OF_A_MODULE} == {}
    assert sorted(lines.values())[len(lines) // 2] <= LINES_OF_THE_MEDIAN


def imported(body: list[ast.stmt], known: Collection[str]) -> Iterator[str]:
    """The modules that a module needs to be there before itself: not what a function imports, nor what only types name."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if inner in known else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.Try):
            yield from imported(node.body, known)


def test_no_modules_need_each_other() -> None:
    """Where two do, it depends on who is imported first if there is an error."""
    trees = {
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): tree.body
        for path, (tree, _) in modules("oneroster_tui", "screens").items()
    }
    needs = {name: {one for one in imported(body, trees) if one in trees} - {name} for name, body in trees.items()}
    list(TopologicalSorter(needs).static_order())


def test_every_module_says_first_what_room_it_is() -> None:
    for path, (tree, _) in modules(*ROOMS, "tests").items():
        first = (ast.get_docstring(tree) or "").partition("\n")[0]
        assert len(first.split()) >= 3, path
        assert first.endswith((".", "?", ":", "”", ")")), path


def test_public_names_are_explained() -> None:
    """A method of a base is explained there. Migrations repeat a past schema, and peewee's Meta says nothing of its own."""
    classes = {
        node.name: node
        for tree, _ in modules(*ROOMS).values()
        for _, node in named(tree)
        if isinstance(node, ast.ClassDef)
    }

    def explained_by_a_base(path: str) -> bool:
        owner, _, method = path.rpartition(".")
        bases = [base.id for base in classes[owner].bases if isinstance(base, ast.Name)] if owner in classes else []
        return any(
            dict(named(classes[base])).get(method) is not None or explained_by_a_base(f"{base}.{method}")
            for base in bases
            if base in classes
        )

    silent = [
        f"{path}: {name}"
        for path, (tree, _) in modules(*ROOMS).items()
        if "/migrations/" not in path
        for name, node in named(tree)
        if not any(part.startswith("_") or part == "Meta" for part in name.split("."))
        if ast.get_docstring(node) is None and not explained_by_a_base(name)
    ]
    assert silent == []
