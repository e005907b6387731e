"""From what a rule wants changed, said in nodes of the syntax tree, to edits of the text.

Only the characters that have to change do: quotes, commas, line breaks and comments stay the author's.
Whatever cannot be written down with certainty gives no fix.
"""
