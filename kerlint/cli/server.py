"""`kerlint server`."""

from __future__ import annotations

import importlib.util

import click


@click.command(short_help="Run the language server for an editor.")
@click.option("--stdio", is_flag=True, help="Talk over standard input and output, which it always does.")
def server(stdio: bool) -> None:
    """Run the language server for an editor, which talks to it over standard input and output.

    It needs the extra `server`: pip install 'kerlint[server]'.
    """
    if importlib.util.find_spec("pygls") is None:
        raise click.ClickException("pygls is missing: pip install 'kerlint[server]'")
    from kerlint.server.app import serve

    serve()
