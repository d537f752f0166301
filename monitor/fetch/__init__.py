"""The polite HTTP client: address guard, deadline, limits, robots, pacing, and the pure schedule of polls.

Nothing outside this package knows httpx. What comes in and out are model values.
"""
