"""Feedback -> labels, calibration, precision and recall reports. Pure: judging is handed in by the caller."""
