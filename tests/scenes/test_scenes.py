"""What the screen says at every hour of every exchange: scenes in plain text, played through the whole program.

`script.py` says how a scene is written. A file is a chapter; a new scene needs no code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenes.script import Scene, read_scenes
from tests.scenes.stage import play

SCENES = [scene for path in sorted(Path(__file__).parent.glob("*.txt")) for scene in read_scenes(path)]


@pytest.mark.parametrize("scene", SCENES, ids=[f"{scene.chapter}: {scene.title}" for scene in SCENES])
async def test_scene(scene: Scene, tmp_path: Path) -> None:
    wrong = await play(scene, tmp_path / "scene.jsonl.gz")
    assert not wrong, "\n".join(["", scene.text, *wrong])
