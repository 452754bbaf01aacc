"""Re-screening: what is booked is decided again when something changes (I-5)."""
