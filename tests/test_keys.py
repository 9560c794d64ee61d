from __future__ import annotations

from collections import Counter
from pathlib import Path

from tui.keys import KEYS

README = Path(__file__).parent.parent / "README.md"


def test_no_key_means_two_things() -> None:
    counted = Counter(name for key in KEYS for name in key.keys)
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_key_has_a_cap_and_words() -> None:
    for key in KEYS:
        assert len(key.keys) == len(key.caps), key.id
        assert key.help


def test_readme_tells_exactly_the_keys_of_the_table() -> None:
    lines = README.read_text(encoding="utf-8").split("\n## Keys\n")[1].split("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert rows == [f"| {' '.join(f'`{cap}`' for cap in key.caps)} | {key.help} |" for key in KEYS]
