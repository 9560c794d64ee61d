"""Screens: composition, keys and words. The dashboard, and what opens over it."""
