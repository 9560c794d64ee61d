"""The config file: what it may hold, how it is read, and how it is written back."""
