"""The kinds of rule: they turn facts into windows and know no medicine."""
