"""Windows that money hangs on, and the deadlines they put on tickets."""
