"""The diary: when people, rooms and devices are free, and what can be booked."""
