"""The application that joins the subcommands, and the one place where errors become exit statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from ionscape.cli.calibrate import calibrate_command
from ionscape.cli.cite import cite_command
from ionscape.cli.conductivity import conductivity_command
from ionscape.cli.describe import check_command, schema_command
from ionscape.cli.doctor import doctor_command
from ionscape.cli.fit import fit_command
from ionscape.cli.glass import glass_command
from ionscape.cli.hops import hops_command
from ionscape.cli.inspect import inspect_command
from ionscape.cli.mobility import mobility_command
from ionscape.cli.plates import modes_command, stress_command
from ionscape.cli.redraw import export_command, figure_command, summary_command
from ionscape.cli.reference import reference_command
from ionscape.cli.report import report_command
from ionscape.cli.simulate import simulate_command
from ionscape.cli.spectrum import spectrum_command
from ionscape.cli.sweep import sweep_command
from ionscape.cli.terminal import patient_output, say
from ionscape.cli.workbench import workbench_command
from ionscape.errors import InputError, IonscapeError, SimulationInterrupted
from ionscape.interrupts import interrupted_status, is_interrupt, signals_as_interrupts
from ionscape.makeshift import house_matplotlib

INTERRUPTED = 130  # what typer makes of an interruption

# Plain help and errors: one sentence is easier to read, to grep and to paste than a box drawn around it.
application = typer.Typer(
    name="ionscape",
    help="Ion transport in glass: from depth profiles to site energies, and from composition to conductivity.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.command("inspect")(inspect_command)
application.command("calibrate")(calibrate_command)
application.command("simulate")(simulate_command)
application.command("reference")(reference_command)
application.command("fit")(fit_command)
application.command("report")(report_command)
application.command("stress")(stress_command)
application.command("modes")(modes_command)
application.command("sweep")(sweep_command)
application.command("glass")(glass_command)
application.command("conductivity")(conductivity_command)
application.command("hops")(hops_command)
application.command("spectrum")(spectrum_command)
application.command("mobility")(mobility_command)
application.command("workbench")(workbench_command)
application.command("check")(check_command)
application.command("figure")(figure_command)
application.command("summary")(summary_command)
application.command("export")(export_command)
application.command("schema")(schema_command)
application.command("cite")(cite_command)
application.command("doctor")(doctor_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        from ionscape.provenance import package_version

        say(f"ionscape {package_version()}")
        raise typer.Exit


@application.callback()
def _common_options(  # pyright: ignore[reportUnusedFunction]
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status.

    0: done. 1: failed, for example without convergence. 2: an input that cannot be used, or a file that cannot be
    written. 128 and the number of a signal: interrupted by it, 130 by Ctrl-C, 143 by SIGTERM.

    Args:
        arguments: the words after the command's name; without them, those of the process.
    """
    house_matplotlib()
    with signals_as_interrupts():
        with patient_output() as trouble:
            status = _status(arguments)
        if trouble.error is not None and status == 0:
            reason = trouble.error.strerror or type(trouble.error).__name__
            say(f"the standard output cannot be written ({reason})", err=True)
            status = InputError.exit_status
    raise SystemExit(status)


def _status(arguments: Sequence[str] | None) -> int | str | None:
    """Do what is asked for; the exit status."""
    try:
        application(args=arguments, prog_name="ionscape")
    except IonscapeError as error:
        say(str(error), err=True)
        for note in getattr(error, "__notes__", ()):
            say(note, err=True)
        return interrupted_status() if isinstance(error, SimulationInterrupted) else error.exit_status
    except KeyboardInterrupt:
        return interrupted_status()
    except SystemError as error:
        if not is_interrupt(error):
            raise
        return interrupted_status()
    except SystemExit as leaving:
        return interrupted_status() if leaving.code == INTERRUPTED else leaving.code or 0
    return 0
