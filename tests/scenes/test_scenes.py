"""What the screen says at every hour of every exchange: scenes in plain text, played through the whole program.

`script.py` says how a scene is written. A file is a chapter; a new scene needs no code.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.scenes.script import Scene, read_scenes
from tests.scenes.stage import play

SCENES = [scene for path in sorted(Path(__file__).parent.glob("*.txt")) for scene in read_scenes(path)]


def case(scene: Scene) -> ParameterSet:
    awaited = [fact.value for fact in scene.facts if fact.name == "awaits"]
    marks = [pytest.mark.xfail(reason=f"awaits {each}", strict=True, raises=AssertionError) for each in awaited]
    return pytest.param(scene, id=f"{scene.chapter}: {scene.title}", marks=marks)


@pytest.mark.parametrize("scene", map(case, SCENES))
async def test_scene(scene: Scene, tmp_path: Path) -> None:
    wrong = await play(scene, tmp_path / "scene.jsonl.gz")
    assert not wrong, "\n".join(["", scene.text, *wrong])
