"""Courses: several sessions planned, booked and moved as a whole."""
