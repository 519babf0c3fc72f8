"""Channels to the vendor, the desk's right to use them, vendor cases."""
