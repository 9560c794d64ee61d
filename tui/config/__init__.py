"""The config file: its settings, how they are read, and how changes are written back."""
