"""What all tests share."""

from __future__ import annotations

import gc
import os
import sys
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from textual import _wait, screen
from textual.css.stylesheet import Stylesheet

from tui.feed import tls

# A busy machine is no failure of a property. The gate tries the same few examples each time, so that a change is judged
# by what it changed; to look for new ones: `pytest --hypothesis-profile search`.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, max_examples=50
)
settings.register_profile("search", settings.get_profile("house"), derandomize=False, max_examples=300)
settings.load_profile("house")

# Compiling takes a good part of the time in which a program starts: no process of a test, nor pytest itself, does it
# again, whatever the environment says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What tests write is not for others to write, or commands in it would be refused, wherever groups may write by default.
os.umask(0o022)

# An app of a test draws more often, so a pilot has to look only for so long whether there is something left to do. It
# did nothing but wait for a good part of the time.
screen.UPDATE_PERIOD = 1 / 250  # type: ignore[misc]
_wait.SLEEP_GRANULARITY = 1 / 200
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 5

_numbers = count()


def pytest_configure() -> None:
    """The stylesheets of Textual are parsed once, not by each app that a test starts."""
    parse = Stylesheet._parse_rules
    parsed: dict[object, object] = {}

    def parse_once(self: Stylesheet, css: str, read_from: tuple[str, str], *rest: object, **named: object) -> object:
        key = (css, read_from, rest, *named.items(), *self._variables.items())
        if key not in parsed:
            parsed[key] = parse(self, css, read_from, *rest, **named)  # type: ignore[arg-type]
        return parsed[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[assignment,method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The storm comes first: at the end all others would wait for it."""
    items.sort(key=lambda item: "test_soak" not in item.nodeid)


def pytest_collection_finish() -> None:
    """What the tests are made of stays: it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Locks and crash reports of the tests go nowhere near a person's own."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins without a config file, and with nothing kept."""
    number = next(_numbers)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / f"config-{number}"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / f"cache-{number}"))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A network without proxies, on a machine where no variable says whom to trust."""
    for name in [*os.environ]:
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(tls, "_trust", None)
    monkeypatch.setattr(tls, "_loading", None)
    return monkeypatch
