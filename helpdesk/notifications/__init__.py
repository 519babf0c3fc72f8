"""Telling people: recipients (whom), messages (what), transports (how).

An action queues notices with its change (``actions`` shows how); ``delivery`` carries them out afterwards.
"""
