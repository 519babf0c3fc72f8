"""What the scheduler does, and how it is doing."""
