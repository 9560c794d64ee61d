"""A window of VTE, the emulator of GNOME Terminal and others: `vte.py CELLS COMMAND…`, with the cells of an ambiguous
character. To be run with the system's Python, whose gi it needs."""

import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Vte", "2.91")
from gi.repository import GLib, Gtk, Pango, Vte  # noqa: E402 gi wants the versions first

terminal = Vte.Terminal()
terminal.set_cjk_ambiguous_width(int(sys.argv[1]))
terminal.set_font(Pango.FontDescription("DejaVu Sans Mono 10"))
terminal.set_size(120, 40)
terminal.connect("child-exited", Gtk.main_quit)
environment = [f"{name}={value}" for name, value in os.environ.items()] + ["TERM=xterm-256color"]
terminal.spawn_async(
    Vte.PtyFlags.DEFAULT, None, sys.argv[2:], environment, GLib.SpawnFlags.DEFAULT, None, None, -1, None, None
)
window = Gtk.Window()
window.add(terminal)
window.show_all()
Gtk.main()
