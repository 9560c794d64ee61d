"""Where the program's own files are, in the folders that each system has for them."""

from __future__ import annotations

from platformdirs import user_cache_path, user_config_path, user_state_path

from tui.errors import UsageError


def check_home() -> None:
    """Raises UsageError where nobody can tell where this user's files are: HOME is not set, and the system knows of
    no home, as in a container that runs under a number."""
    try:
        found = all(path("itick-tui").is_absolute() for path in (user_config_path, user_state_path, user_cache_path))
    except RuntimeError:  # of platformdirs, in its newer versions
        found = False
    if not found:
        raise UsageError("this user has no home folder: set HOME, to any folder that can be written")
