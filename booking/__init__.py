"""Who, when, where: the business and its storage."""
