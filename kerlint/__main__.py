"""`python -m kerlint`."""

from __future__ import annotations

from kerlint.cli import main

if __name__ == "__main__":
    main()
