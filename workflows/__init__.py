"""What may happen to a ticket and when it is late: pure rules, no I/O."""
