"""Pictures of the pages for README and docs: ``python -m tests.screenshots``."""
