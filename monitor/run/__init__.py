"""The steps, the killable worker pool, and what drives them. Holds no code itself: worker processes import it."""
