"""The folders of the program's own files, by each system's conventions."""

from __future__ import annotations

from platformdirs import user_cache_path, user_config_path, user_state_path

from tui.errors import UsageError


def check_home() -> None:
    """Raises UsageError if the user's folders cannot be determined: HOME is not set and the system has no entry for the
    user, as in a container that runs under a bare uid."""
    try:
        found = all(path("itick-tui").is_absolute() for path in (user_config_path, user_state_path, user_cache_path))
    except RuntimeError:  # newer versions of platformdirs
        found = False
    if not found:
        raise UsageError("this user has no home folder: set HOME, to any folder that can be written")
