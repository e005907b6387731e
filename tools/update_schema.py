"""Writes the JSON schema of the configuration file from the structure that reads it and from the rules.

    python tools/update_schema.py [--check]

With `--check` nothing is written; the exit status is 1 if the schema is stale.
"""

from __future__ import annotations

import argparse
import json

from kerlint.configuration.checking import SCHEMA
from kerlint.configuration.schema import schema


def update(check: bool) -> int:
    """Writes the schema, or says with 1 that it is stale."""
    wanted = json.dumps(schema(), indent=1) + "\n"
    if SCHEMA.exists() and SCHEMA.read_text(encoding="utf-8") == wanted:
        return 0
    if not check:
        SCHEMA.write_text(wanted, encoding="utf-8")
    return int(check)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    return update(parser.parse_args().check)


if __name__ == "__main__":
    raise SystemExit(main())
