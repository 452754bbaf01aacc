"""After a visit: how the patient is, what to do now, and who hears of it."""
