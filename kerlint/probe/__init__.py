"""Experiments that confirm or refute findings: the program's model against one in which the flagged thing is right."""
