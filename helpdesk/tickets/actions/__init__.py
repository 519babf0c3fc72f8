"""Everything that may be done to a ticket. Each action runs inside the door's unit of work and never commits."""
