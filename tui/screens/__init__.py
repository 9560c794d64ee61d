"""The screens: the dashboard, and the screens that open over it."""
