"""How control leaves a statement."""

from __future__ import annotations

#: The next statement follows.
FALL = 0
#: `return`: the value has been added to the frame.
RETURN = 1
BREAK = 2
CONTINUE = 3
#: `raise`, `sys.exit()`.
RAISE = 4
