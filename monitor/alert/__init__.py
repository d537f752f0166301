"""Whom to tell, when and why (policy), how the message reads (render), and how it leaves (channels)."""
