"""A stand-in for the vendor's Partner Center: a real HTTP server that behaves as the documentation says.

It serves the connector's tests, quirks and faults included, and stands beside a demo desk, where it plays the
vendor's engineers too.
"""
