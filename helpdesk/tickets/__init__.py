"""The desk's cases: their records, actions, deadlines and pages."""
