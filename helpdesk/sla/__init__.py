"""Promises: policies, calendars, clocks, breaches."""
