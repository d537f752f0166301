"""coopwatch: watches feeds and tells operators when a new cooperation announcement appears."""

__version__ = "0.1.0"
