"""`kerlint server`: the language server. Only this package imports pygls, which the extra `server` brings.

`app` takes the messages of an editor, `session` decides what is analysed when, `analysis` does it in another thread,
and the other modules turn the outcome into what the protocol knows.
"""

from __future__ import annotations
