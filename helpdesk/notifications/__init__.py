"""Telling people: outbox, recipients, messages, transports."""
