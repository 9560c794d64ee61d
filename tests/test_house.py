"""House rules, checked: each failure says what to do about it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tui").rglob("*.py"))
MOST_LINES = 450
LONG_FOR_A_REASON = {
    "tui/market/market.py": "all that feeds a market is one idea: these are the calls that a recording repeats",
    "tui/exchange/server.py": "serving one exchange is one idea: handshake, clients and deliveries share its state",
}
PRIVATE_NAMES = {
    "tui/feed/http_transport.py",  # httpx has no parameter for httpcore's backend
    "tui/feed/websocket.py",
    "tui/relay/nats_server.py",  # nats-py does not tell whether its connection has TLS
    "tui/terminal/textual_private.py",
}
"""The only files that may use what other packages do not document."""
HOOKS = re.compile(r"__\w+__|on_\w+|watch_\w+|compose|render_line|action_\w+")
"""Names that Textual gives: what they are for stands in its documentation, what an action does in the key table."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported(path: Path) -> ModuleType:
    return importlib.import_module(module_name(path))


def overrides(cls: type, name: str) -> bool:
    return any(name in vars(base) for base in cls.__mro__[1:])


def undocumented(path: Path) -> Iterator[str]:
    if not ast.get_docstring(tree(path)) and tree(path).body:
        yield f"{name_of(path)}: the module"

    def look(body: list[ast.stmt], owner: type | None, prefix: str) -> Iterator[str]:
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            is_setter = any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in node.decorator_list)
            inherited = owner is not None and overrides(owner, node.name)
            if not ast.get_docstring(node) and not HOOKS.fullmatch(node.name) and not inherited and not is_setter:
                yield f"{name_of(path)}:{node.lineno}: {prefix}{node.name}"
            if isinstance(node, ast.ClassDef):
                cls = getattr(owner if owner is not None else imported(path), node.name)
                yield from look(node.body, cls, f"{prefix}{node.name}.")

    yield from look(tree(path).body, None, "")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_public_definition_says_what_it_is(path: Path) -> None:
    found = list(undocumented(path))
    assert not found, "give each a docstring that begins with a verb or the noun, or make it private: " + ", ".join(
        found
    )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_is_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if name_of(path) in LONG_FOR_A_REASON:
        assert lines > MOST_LINES, f"take {name_of(path)} out of LONG_FOR_A_REASON: it is short enough now"
    else:
        assert lines <= MOST_LINES, (
            f"{name_of(path)} has {lines} lines, at most {MOST_LINES}: move one of its ideas into a file of its own, "
            "or say in LONG_FOR_A_REASON why all of it is one"
        )


@cache
def own_private_names() -> frozenset[str]:
    """Names with a leading underscore that this program defines somewhere."""
    found = set[str]()
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):  # __slots__
                found.add(node.value)
    return frozenset(name for name in found if name.startswith("_"))


def foreign_private_names(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("tui"):
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            if private := [name for name in names if re.match(r"_[a-z]", name)]:
                yield f"{name_of(path)}:{node.lineno}: {private[0]}"
        elif isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr):
            if node.attr not in own_private_names() and node.attr != "_replace":
                yield f"{name_of(path)}:{node.lineno}: {node.attr}"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("getattr", "setattr", "hasattr")
            and isinstance(node.args[1], ast.Constant)
            and isinstance(name := node.args[1].value, str)
            and name.startswith("_")
        ):
            yield f"{name_of(path)}:{node.lineno}: {name}"
    for name, cls in vars(imported(path)).items():
        if not inspect.isclass(cls) or cls.__module__ != imported(path).__name__:
            continue
        foreign = [base for base in cls.__mro__ if not base.__module__.startswith("tui") and base is not object]
        for attribute in vars(cls):
            if re.match(r"_[a-z]", attribute) and not attribute.startswith("_abc_"):
                for base in foreign:
                    # What the metaclass of Textual or of NamedTuple puts there is not written here.
                    if attribute in vars(base) and re.search(rf"\b{attribute}\b", path.read_text(encoding="utf-8")):
                        yield f"{name_of(path)}: {name}.{attribute} of {base.__module__}"


@pytest.mark.parametrize("path", [path for path in FILES if name_of(path) not in PRIVATE_NAMES], ids=name_of)
def test_what_others_do_not_document_is_used_in_one_file(path: Path) -> None:
    found = list(foreign_private_names(path))
    assert not found, f"move what needs it to {' or '.join(sorted(PRIVATE_NAMES))}: " + ", ".join(found)


@cache
def imports(path: Path) -> frozenset[Path]:
    """The files of this program that a file imports, whenever it does."""
    found = set[Path]()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "tui":
                file = ROOT.joinpath(*name.split("."))
                found |= {each for each in (file.with_suffix(".py"), file / "__init__.py") if each in FILES}
    return frozenset(found - {path, path.parent / "__init__.py"})


def test_no_modules_import_each_other_in_a_circle() -> None:
    done = set[Path]()

    def visit(path: Path, way: tuple[Path, ...]) -> None:
        if path in way:
            circle = " → ".join(map(name_of, [*way[way.index(path) :], path]))
            pytest.fail(
                f"break the circle {circle}: hand in what one of them needs, or move what both share below them"
            )
        if path not in done:
            for each in sorted(imports(path)):
                visit(each, (*way, path))
            done.add(path)

    for path in FILES:
        visit(path, ())


def test_no_public_name_stands_for_two_things() -> None:
    owners: dict[str, list[str]] = {}
    for path in FILES:
        for node in tree(path).body:
            names = [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else []
            if isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names = [node.target.id]
            for name in names:
                if not name.startswith("_"):
                    owners.setdefault(name, []).append(name_of(path))
    twice = {name: files for name, files in owners.items() if len(files) > 1 and name != "main"}
    assert not twice, f"give one of each another name: {twice}"


def contract() -> list[list[str]]:
    """The rows of the house from the top, each of one room or more."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(each for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers")["layers"]
    return [re.split(r" [|:] ", row) for row in layers]


def test_the_readme_draws_the_rows_of_the_contract() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    drawn = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in readme.splitlines() if re.match(r"\| `", line)]
    rows = [sorted(row) for row in contract()]
    assert [sorted(row) for row in drawn if sorted(row) in rows] == rows, (
        "let the table under 'How the code is laid out' in README.md have the rows of the layers contract in "
        "pyproject.toml"
    )
