"""Customers, their contacts, subscriptions and support plans."""
