"""The command `ionscape`. Each subcommand loads what it needs when it runs, so that help comes at once."""

from ionscape.cli.main import main

__all__ = ["main"]
