"""When the clinic is open, in its manager's hands: weeks, single days, absences and
closures.

Every change is weighed by what it opens and what it closes. What it opens is noted for
the waitlist; visits in what it closes stay as they are, and become tasks. The gate and
the claims are never touched.
"""
