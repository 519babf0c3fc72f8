"""Shared manners of the web: pages and fragments, paging, labels, languages, security headers."""
