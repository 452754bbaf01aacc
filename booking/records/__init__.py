"""Records: what the clinic knows, and what happens when an answer says otherwise."""
