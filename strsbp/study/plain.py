"""YAML of users as plain data: mappings, lists, text and numbers, within bounds.

Nothing in a file is executed. A few lines can stand for more nodes than any memory holds (aliases
of aliases, merged keys of merged keys) or for themselves, so what a file expands to is counted
before it is built.
"""

import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from strsbp.errors import StrsbpError
from strsbp.files import read_bounded

LARGEST_FILE = 200_000
"""Bytes that a YAML file may have; the largest of the project has 25,000."""
MOST_NODES = 100_000
"""Keys and values that it may expand to."""
DEEPEST = 50
"""Levels of mappings and lists in each other."""
LONGEST_TEXT = 4_000
"""Characters of a key or value."""

_FORBIDDEN = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of control characters, halves of characters, and separators of lines."""


class _Loader(yaml.SafeLoader):
    """PyYAML's loader of plain data, which takes seconds and all of the stack for deep nests."""

    depth = 0

    def compose_node(self, parent, index):
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_yaml(path: str | Path, error: type[StrsbpError]) -> Any:
    """The plain data in the YAML file `path`; raises `error` in one sentence."""
    try:
        text = read_bounded(path, LARGEST_FILE).decode()
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return None
            count_nodes(root, _children_of_node)
            _refuse_doubled_keys(root)
            raw = loader.construct_document(root)
        finally:
            loader.dispose()
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise error(f"{path} is not valid YAML: it is not UTF-8 text.") from None
    # PyYAML has many types for a tag that does not fit its value, such as `!!bool 3`.
    except (yaml.YAMLError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as e:
        mark = getattr(e, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        reason = getattr(e, "problem", None) or getattr(e, "reason", None)
        if reason is None:
            reason = str(e) if type(e) is ValueError else "a value does not fit its tag"
        reason = " ".join(str(reason).split()).rstrip(".")
        raise error(f"{path} is not valid YAML{at}: {reason}.") from None
    check_plain(raw, str(path), error)
    return raw


def check_plain(raw: Any, where: str, error: type[StrsbpError]) -> None:
    """Raise `error`, naming `where`, unless `raw` is plain data that can be shown on one line.

    That is: dictionaries, lists, texts without control characters, integers of 64 bits, floating
    point numbers, truth values and None, of moderate size and without a part that contains itself.
    """
    try:
        count_nodes(raw, _children, _check_leaf)
    except ValueError as problem:
        raise error(f"{where}: {problem}.") from None


def count_nodes(
    root: Any,
    children: Callable[[Any], Iterable[Any]],
    look: Callable[[Any], None] = lambda node: None,
) -> int:
    """Nodes of the tree that `root` stands for, where shared nodes count as often as they occur.

    Takes time for each node once. Calls `look` on each. Raises `ValueError` above `MOST_NODES`,
    and for a node that contains itself.
    """
    sizes: dict[int, int | None] = {}
    stack = [(root, False)]
    while stack:
        node, is_done = stack.pop()
        below = children(node)
        if not below:
            look(node)
            sizes[id(node)] = 1
        elif is_done:
            size = 1 + sum(sizes[id(child)] for child in below)
            if size > MOST_NODES:
                raise ValueError(f"it expands to more than {MOST_NODES:,} keys and values")
            sizes[id(node)] = size
        elif id(node) not in sizes:
            sizes[id(node)] = None
            stack.append((node, True))
            stack += [(child, False) for child in below]
        elif sizes[id(node)] is None:
            raise ValueError("a part of it contains itself")
    return sizes[id(root)]


def _children_of_node(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _refuse_doubled_keys(root: yaml.Node) -> None:
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.tag.endswith(":merge"):
                    continue
                if (key.tag, key.value) in keys:
                    line = key.start_mark.line + 1
                    raise ValueError(f"the key {_cut(key.value)} at line {line} stands there twice")
                keys.add((key.tag, key.value))
        waiting += _children_of_node(node)


def _check_leaf(value: Any) -> None:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ValueError(
                f"the text {_cut(value)} has {len(value):,} characters, and may have "
                f"{LONGEST_TEXT:,}"
            )
        if not value.isprintable() and any(unicodedata.category(c) in _FORBIDDEN for c in value):
            raise ValueError(f"the text {_cut(value)} holds a control character or line break")
    elif isinstance(value, bool | float | dict | list) or value is None:
        return
    elif not isinstance(value, int):
        kind = type(value).__name__
        raise ValueError(f"it holds a {kind}, which no key takes; put text into quotes")
    elif not -(2**63) <= value < 2**63:
        raise ValueError("it holds an integer of more than 64 bits")


def _cut(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "...")
