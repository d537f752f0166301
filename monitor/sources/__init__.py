"""Feed formats: bytes in, entries out. Fetches nothing and stores nothing.

Holds no code itself: ``parse`` loads feedparser and lxml and belongs into worker processes; the service needs only the light
modules beside it.
"""
