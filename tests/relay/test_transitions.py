"""The table of roles: its picture, and windows that follow it through every order of a few events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from tui.relay import sharing
from tui.relay.sharing import TRANSITIONS, Happening, Role

H = Happening


def picture() -> str:
    """Returns the table as a drawing: a tree for each role, with what happens to it and what it becomes."""
    width = max(len(happening.value) for _, happening in TRANSITIONS)
    lines: list[str] = []
    for role in Role:
        branches = [(happening, to) for (from_, happening), to in TRANSITIONS.items() if from_ is role]
        for n, (happening, to) in enumerate(branches):
            corner = "─" if len(branches) == 1 else "┬" if not n else "└" if n == len(branches) - 1 else "├"
            name, stroke = (role.value, "─") if not n else ("", " ")
            lines.append(f"{name:9} {stroke}{corner}─ {happening.value + ' ':─<{width + 2}}→ {to.value}")
    return "\n".join(lines)


def test_the_picture_is_that_of_the_table() -> None:
    assert sharing.__doc__ is not None
    assert picture() in sharing.__doc__, picture()


class Process(NamedTuple):
    """A window: its role, the socket that it joined, by its owner's number, and whether it runs or is stopped."""

    role: Role | None = Role.SEEKING  # None: it has ended
    joined: int | None = None
    is_stopped: bool = False
    takes_over: bool = False  # the person has said so


TAKEN: set[tuple[Role, Happening]] = set()
"""The entries of the table that were followed."""


class Machine(NamedTuple):
    """Windows, who has the lock, whom the lock file names, and whose socket it names."""

    windows: tuple[Process, ...]
    lock: int | None = None
    owner: int | None = None
    waits: tuple[int, ...] = ()  # for the lock, after a take-over

    def change(self, n: int, **values: object) -> Machine:
        windows = list(self.windows)
        windows[n] = windows[n]._replace(**values)  # type: ignore[arg-type]
        return self._replace(windows=tuple(windows))

    def happens(self, n: int, happening: Happening, **values: object) -> Machine:
        role = self.windows[n].role
        assert role is not None
        assert (role, happening) in TRANSITIONS, f"nothing says what a window becomes: {role.value}, {happening.value}"
        TAKEN.add((role, happening))
        return self.change(n, role=TRANSITIONS[role, happening], **values)

    def leads(self, n: int) -> Machine:
        """The window has the lock or takes over: it writes its name into the lock file."""
        return self._replace(owner=n, lock=n if self.lock is None else self.lock)

    def frees(self, n: int) -> Machine:
        """The window gives up the lock; the system hands it to one that waits for it."""
        waits = tuple(each for each in self.waits if each != n)
        owner = None if self.owner == n else self.owner
        if self.lock != n:
            return self._replace(waits=waits, owner=owner)
        return self._replace(lock=waits[0] if waits else None, waits=waits[1:], owner=owner)


def next_machines(machine: Machine) -> Iterator[tuple[str, Machine]]:
    """Yields what may happen next: to a window, or to the machine."""
    for n, window in enumerate(machine.windows):
        if window.role is None:
            continue
        yield f"{n} is killed", machine.change(n, role=None, joined=None).frees(n)
        if window.is_stopped:
            yield f"{n} goes on", machine.change(n, is_stopped=False)
            continue
        yield f"{n} is stopped", machine.change(n, is_stopped=True)
        yield from steps(machine, n)


def steps(machine: Machine, n: int) -> Iterator[tuple[str, Machine]]:
    """Yields the steps of a window that runs, each as `choose`, `join` and the link take them."""
    window = machine.windows[n]
    other = machine.owner
    if window.role in (Role.SEEKING, Role.JOINING, Role.REFUSED) and not window.takes_over:
        yield f"{n} is told to take over", machine.change(n, takes_over=True)
    if window.role is Role.REFUSED:
        if window.takes_over:
            yield f"{n} takes over", take_over(machine, n)
        else:
            yield f"{n} tries again", machine.happens(n, H.AGAIN)
    elif window.role is Role.SEEKING:
        if window.takes_over:
            yield f"{n} takes over", take_over(machine, n)
        elif machine.lock is None:
            yield f"{n} finds the lock free", machine.happens(n, H.LOCK_FREE).leads(n)
        elif other is None:  # the holder is about to write its name, or is another version that has no socket
            yield f"{n} finds no socket", machine.happens(n, H.LOCK_TAKEN).happens(n, H.NO_HELLO)
        else:
            yield f"{n} finds the lock taken", machine.happens(n, H.LOCK_TAKEN, joined=other)
    elif window.role is Role.JOINING:
        assert window.joined is not None
        holder = machine.windows[window.joined]
        if holder.is_stopped:
            yield f"{n} gets no answer", machine.happens(n, H.NO_HELLO, joined=None)
        elif holder.role is Role.LEADING:
            yield f"{n} is answered", machine.happens(n, H.HELLO)
            yield f"{n} finds another version", machine.happens(n, H.NO_HELLO, joined=None)
        else:
            yield f"{n} finds the holder gone", machine.happens(n, H.LOST, joined=None)
    elif window.role is Role.FOLLOWING:
        assert window.joined is not None
        holder = machine.windows[window.joined]
        if holder.is_stopped or holder.role is not Role.LEADING:
            yield f"{n} loses the holder", machine.happens(n, H.LOST, joined=None)
        how = "takes over as it was told" if window.takes_over else "renews its connection"
        yield f"{n} {how}", machine.happens(n, H.LOST, joined=None)
    elif window.role is Role.LEADING and other not in (n, None):
        yield f"{n} sees another", machine.happens(n, H.SUPERSEDED).frees(n)
    elif window.role is Role.LEADING and other is None:  # one that took over has cut its connection, and ended
        yield f"{n} connects again", machine.leads(n)


def take_over(machine: Machine, n: int) -> Machine:
    """Returns what follows when a window takes the key over, whoever has the lock."""
    if machine.lock not in (None, n):
        machine = machine._replace(waits=(*machine.waits, n))
    return machine.happens(n, H.TAKE_OVER, takes_over=False).leads(n)


def explore(windows: int) -> dict[Machine, tuple[str, ...]]:
    """Returns all states of a machine with so many windows, each with the fewest steps to it."""
    first = Machine(tuple(Process() for _ in range(windows)))
    found: dict[Machine, tuple[str, ...]] = {first: ()}
    queue = deque([first])
    while queue:
        machine = queue.popleft()
        for words, after in next_machines(machine):
            if after not in found:
                found[after] = (*found[machine], words)
                queue.append(after)
    return found


def settled(machine: Machine) -> Machine:
    """Returns the machine after stopped windows went on, the person took nothing over, and all steps were taken."""
    for n, window in enumerate(machine.windows):
        if window.role is not None:
            machine = machine.change(n, is_stopped=False)
    for _ in range(200):
        before = machine
        for n, window in enumerate(machine.windows):
            taken = [
                after
                for words, after in (steps(machine, n) if window.role is not None else ())
                if not words.endswith(("told to take over", "another version", "renews its connection"))
            ]
            machine = taken[0] if taken else machine
        if machine == before:
            return machine
    raise AssertionError("the windows never settle")


def test_whatever_happens_one_window_leads_in_the_end_and_all_others_follow_it() -> None:
    """Every state of three windows: an event without an entry in the table fails in `happens`."""
    TAKEN.clear()
    reached = explore(3)
    assert not TRANSITIONS.keys() - TAKEN
    assert {window.role for machine in reached for window in machine.windows} == {*Role, None}
    for machine, path in reached.items():
        with_lock = [n for n, window in enumerate(machine.windows) if window.role is Role.LEADING and machine.lock == n]
        assert len(with_lock) <= 1, path
        after = settled(machine)
        alive = [n for n, window in enumerate(after.windows) if window.role is not None]
        leading = [n for n in alive if after.windows[n].role is Role.LEADING]
        assert len(leading) == min(1, len(alive)), (path, after)
        assert all(after.windows[n].role in (Role.LEADING, Role.FOLLOWING) for n in alive), (path, after)
        assert all(after.windows[n].joined == leading[0] for n in alive if n != leading[0]), (path, after)
