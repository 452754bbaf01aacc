"""Messages: planned as rows, sent by the dispatcher."""
