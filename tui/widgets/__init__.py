"""The parts of the dashboard, each of which draws a part of the market."""
