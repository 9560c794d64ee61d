"""What the dashboard is made of: each draws one part of the market. Nothing here knows sockets or files."""
