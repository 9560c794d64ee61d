"""When and how the user is notified: of outages, by batches of alerts, on the desktop, by a command."""
