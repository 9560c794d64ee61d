"""A scene that asserts nothing, or nobody can play, is an error that names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenes.script import Scene, SceneError, read_scenes
from tests.scenes.stage import play

SCENE = """
A price
    symbol              QQQ$US
    Tue 2026-12-08 10:00  trade 510
    10:00:02            look
        LAST            510.00
"""


def read(path: Path, text: str) -> Scene:
    chapter = path / "chapter.txt"
    chapter.write_text(text, encoding="utf-8")
    (scene,) = read_scenes(chapter)
    return scene


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("Tue 2026", "Mon 2026", "line 4: 2026-12-08 is a Tue, not a Mon"),
        ("Tue 2026-12-08 10:00", "10:00", "line 4: '10:00' has no date, and none came before"),
        ("10:00:02 ", "09:00:02 ", "line 5: the time goes back"),
        ("look", "trade 511", "line 6: 'LAST' means nothing here"),
        ("        LAST            510.00", "", "line 2: a look without anything to see"),
        ("LAST            510.00", "LAST", "line 6: 'LAST' means nothing here"),
        ("symbol              QQQ$US", "", "line 4: the symbol comes first"),
        (
            "symbol              QQQ$US",
            "symbol              QQQ$US\n    price               5",
            "'price' means nothing here",
        ),
        ("10:00:02            look\n        LAST            510.00", "", "line 2: nobody looks at it"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert right in SCENE
    with pytest.raises(SceneError, match=r"chapter\.txt, line ") as error:
        read(tmp_path, SCENE.replace(right, wrong))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("LAST  ", "PRICE  ", "there is no column PRICE"),
        ("LAST  ", "VWAP  ", "there is no column VWAP"),
        ("LAST  ", "headline PRICE  ", "the headline has no PRICE"),
        ("trade 510", "trades 510", "nobody knows what 'trades 510' is"),
        ("trade 510", "trade 510 x=1", "there is no field x"),
        ("trade 510", "link slow", "nobody knows what 'link slow' is"),
        ("trade 510", "book 510 / 511@", "'511@' is no level of a book"),
    ],
)
async def test_what_is_not_on_the_screen_is_an_error(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    assert right in SCENE
    with pytest.raises(SceneError, match=told.replace("$", r"\$")):
        await play(read(tmp_path, SCENE.replace(right, wrong)), tmp_path / "scene.jsonl.gz")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("LAST            510.01", "LAST: '510.01', but it is '510.00'"),
        ("LAST            510.00 faint", "LAST: '510.00' is not in the colour of faint"),
        ("row             closed", "row: 'closed', but it is 'live'"),
        ("header          US closed", "header: 'US closed', not seen so"),
        ("header          without US open", "header: 'without US open', not seen so"),
        ("headline Last   510.01", "headline Last: '510.01', but it is '510.00'"),
    ],
)
async def test_what_is_seen_otherwise_is_told_with_the_picture(tmp_path: Path, seen: str, told: str) -> None:
    scene = read(tmp_path, SCENE.replace("LAST            510.00", seen))
    wrong = await play(scene, tmp_path / "scene.jsonl.gz")
    assert told in wrong
    assert "US open · 10:00:02 ET" in wrong[-1] and "510.00" in wrong[-1]
