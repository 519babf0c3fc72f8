"""The manager's pages: Today and breach review."""
