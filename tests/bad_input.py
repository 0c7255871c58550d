"""Arbitrary and damaged input, and what must come of it, for the tests `test_bad_input_*.py`.

STRSBP_FUZZ=thorough tries fifty times as many inputs, new ones at each call.
"""

import copy
import os
import time
import tracemalloc
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from strsbp.errors import StrsbpError

SLOW = 10
"""Seconds of computing after which a file counts as one that hangs the program."""
THOROUGH = os.environ.get("STRSBP_FUZZ") == "thorough"


def examples(n: int):
    """Settings of a property that is tried on `n` inputs, the same ones each time."""
    return settings(
        max_examples=50 * n if THOROUGH else n,
        derandomize=not THOROUGH,
        database=None,
        deadline=None,  # `attempt` looks at the time of this process alone
        suppress_health_check=list(HealthCheck),
    )


def one_sentence(error: StrsbpError | str) -> str:
    """The message, checked to be one printable line that ends with a full stop."""
    text = str(error)
    assert text.endswith("."), text
    assert "\n" not in text and text.isprintable(), ascii(text)
    assert len(text) < 12_000, text[:200]
    return text


def attempt(call, error=StrsbpError):
    """What `call()` returns, or None where it refuses as it should; anything else is raised."""
    begin = time.process_time()
    try:
        return call()
    except error as refusal:
        one_sentence(refusal)
        return None
    finally:
        assert time.process_time() - begin < SLOW, "it takes too long"


def refusal(call, error=StrsbpError) -> str:
    """The sentence with which `call()` refuses; a failure if it does not."""
    refused = []

    def told():
        try:
            call()
        except error as found:
            refused.append(one_sentence(found))
            raise

    attempt(told, error)
    assert refused, "it was not refused"
    return refused[0]


def peak_memory(call) -> int:
    """Bytes that Python and numpy hold at most during `call()`."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


NO_FILES = ("pipe", "/dev/zero", "/dev/full", "folder", "nul", "long", "missing")


def no_file(folder: Path, kind: str) -> str | Path:
    """A path that names no regular file, of a kind of `NO_FILES`."""
    path = folder / kind  # on its own for /dev/zero and /dev/full
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "nul":
        return f"{folder}/a\0b"
    elif kind == "long":
        return "x" * 5000
    return path


TEXTS = st.sampled_from(
    [
        "", ".", "..", "../up", "../../../etc/passwd", "/etc/passwd", "a/b", "a\0b", "a\nb", "con",
        "\ud800", "\x1b[2J", "x" * 300, "x" * 5000, "<script>alert(1)</script>",
        "'\" &amp; {{ x }}",
        "$\\frac{$", "{0.__class__}", "%s%n", "~", "null", "nan", "-", "--help", "é 漢字 🙂",
        "\u2028",
        "!!python/object/apply:os.system ['true']", "=1+1", "`id`", "tau_m", "1e999", "0x10", "1_0",
    ]
) | st.text(max_size=8)  # fmt: skip
"""Texts that have hurt other programs, and any others."""

NUMBERS = (
    st.sampled_from(
        [
            0,
            1,
            -1,
            2**31,
            2**32,
            2**63 - 1,
            2**63,
            -(2**63) - 1,
            10**400,
            0.0,
            -0.0,
            1e308,
            5e-324,
            float("nan"),
            float("inf"),
            float("-inf"),
        ]
    )  # fmt: skip
    | st.integers()
    | st.floats()
)

VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
"""Any plain data."""


@st.composite
def changed_tree(draw, tree):
    """`tree`, of dictionaries and lists, with one to three parts replaced, added or left out."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        node, depth = tree, 0
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = node[key]
            if isinstance(inner, dict | list) and inner and (depth < 1 or draw(st.integers(0, 3))):
                node, depth = inner, depth + 1
                continue
            match draw(st.sampled_from(["replace", "replace", "delete", "add"])):
                case "replace":
                    node[key] = draw(VALUES)
                case "delete":
                    del node[key]
                case "add" if isinstance(node, dict):
                    node[draw(TEXTS | st.sampled_from(keys))] = draw(VALUES)
                case "add":
                    node.insert(0, draw(VALUES))
            break
    return tree


@st.composite
def damaged(draw, raw: bytes):
    """`raw` with some bytes changed, cut out, put in or repeated, often near its ends."""
    data = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        last = len(data) - 1
        place = draw(
            st.integers(0, min(40, last))
            | st.integers(0, last)
            | st.integers(max(0, last - 120), last)
        )
        match draw(st.sampled_from(["set", "set", "cut", "end", "insert", "repeat"])):
            case "set":
                data[place] = draw(st.integers(0, 255) | st.sampled_from([0, 1, 127, 128, 255]))
            case "cut":
                del data[place : place + draw(st.integers(1, 50))]
            case "end":
                del data[place:]
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=20))
            case "repeat":
                data[place:place] = data[place : place + draw(st.integers(1, 50))]
    return bytes(data)
