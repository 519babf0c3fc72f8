"""The application for a WSGI server."""

from helpdesk import create_app

app = create_app()
