"""The floor: `libcst.parse_module` over the files that mention Keras. Prints its CPU time in seconds, and how many."""

from __future__ import annotations

import sys
import time

import libcst

from kerlint import files, source


def main() -> None:
    total, number = 0.0, 0
    for target in files.discover(sys.argv[1:]):
        data = files.read_file(target.path)
        if not source.mentions_keras(data):
            continue
        try:
            text = source.read_source(data, target.path).text
            start = time.process_time()
            libcst.parse_module(text)
        except (source.SourceError, libcst.ParserSyntaxError):
            continue
        total += time.process_time() - start
        number += 1
    sys.stdout.write(f"{total} {number}\n")


main()
