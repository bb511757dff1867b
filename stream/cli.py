"""The command line: each verb parses, calls one function, and sets the exit code."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from stream.configuration import PRESETS, ConfigurationError, find, preset_text
from stream.settings import Settings

cli = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Exact micro-conversion rates of live sites, in seconds."
)

EXIT_CODES: Mapping[int, str] = {
    0: "good",
    1: "failed while running",
    2: "wrong usage or configuration; the message names file, key, what was found and what is wanted",
}
"""What commands end with."""

ConfigFile = Annotated[
    str | None, typer.Option("-c", "--config", metavar="FILE", help="The configuration, TOML.")
]
Preset = Annotated[
    str | None, typer.Option(metavar="NAME", help="A built-in configuration instead of a file.")
]


@cli.callback()
def _verbs() -> None:
    """Keep verbs verbs, however few there are."""


@cli.command()
def worker(config: ConfigFile = None, preset: Preset = None) -> None:
    """Run one worker. Start as many as there is work; they share it."""
    with _settings(config, preset) as given:
        from stream.logs import set_up

        set_up()
        from stream.app import make  # Faust takes a second to import: only the verbs that need it pay

        engine = make(given).engine
    engine.run()


@cli.command()
def check(
    config: ConfigFile = None,
    preset: Preset = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as one JSON object.")] = False,
) -> None:
    """Validate the configuration, and print what will be measured and how much that makes."""
    from stream.check.command import check as run

    raise typer.Exit(run(config, preset, as_json=as_json))


@cli.command()
def init(
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="The built-in configuration to begin with.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to; without, ./microconv.toml."),
    ] = None,
) -> None:
    """Write a commented configuration to start from, never over an existing file."""
    from stream.generate.command import init as run

    try:
        typer.echo(run(preset, output))
    except ConfigurationError as error:
        _refuse(error)


@cli.command()
def simulate(
    config: ConfigFile = None,
    preset: Preset = None,
    rate: Annotated[float, typer.Option(metavar="EV_S", help="Mean events per second.")] = 50.0,
    sessions: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="End after so many sessions; without, at Ctrl-C, or now with --start."
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="Traffic of that time, as quickly as it can be sent.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Decides all that is left to chance.")] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE[@SEGMENT]:FRACTION:AT[:FOR]",
            help="Let a share of conversions not happen, from AT (30m after the start, or ISO 8601) for FOR;"
            " may be given several times.",
        ),
    ] = None,
    to: Annotated[str, typer.Option(metavar="kafka|-", help="Where to: the topic, or JSON lines.")] = "kafka",
) -> None:
    """Send realistic traffic of the kind of site that is measured, to Kafka or as JSON lines."""
    with _settings(config, preset) as given:
        from stream.simulate.command import simulate as run

        raise typer.Exit(run(given, rate, sessions, start, seed, to, drop or (), preset))


@cli.command()
def replay(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="JSON lines, plain, gzip or zstd; Parquet; -: stdin."),
    ],
    config: ConfigFile = None,
    preset: Preset = None,
    as_json: Annotated[bool, typer.Option("--json", help="An object a line instead of a table.")] = False,
    what: Annotated[
        str,
        typer.Option(
            metavar="rates|sessions|facts|times|pages",
            help="Conversion rates, sessions and attempts, facts about sessions, times to conversion, or"
            " where people stay and leave.",
        ),
    ] = "rates",
    as_arrived: Annotated[
        bool,
        typer.Option(
            "--as-arrived", help="Keep the files' order: events may be late in it. One core counts so."
        ),
    ] = False,
    cores: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            metavar="N",
            help="Processes that share the work, for the same result; without, one for each core that may be"
            " used.",
        ),
    ] = None,
) -> None:
    """Count recorded events: what a worker would have counted, without a broker."""
    with _settings(config, preset) as given:
        from stream.replay.command import replay as run

        raise typer.Exit(
            run(given, files, as_json=as_json, what=what, as_arrived=as_arrived, cores=cores, leave=os._exit)
        )


@cli.command()
def backfill(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="JSON lines, plain, gzip or zstd; Parquet; -: stdin."),
    ],
    config: ConfigFile = None,
    preset: Preset = None,
    as_json: Annotated[bool, typer.Option("--json", help="What became of it as one JSON object.")] = False,
) -> None:
    """Load past events as history: closed hours and minutes from before the workers came."""
    with _settings(config, preset) as given:
        from stream.backfill.command import backfill as run

        raise typer.Exit(run(given, files, as_json=as_json))


@cli.command()
def demo(
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1, metavar="N", help="End after so many seconds, with a summary; without, at Ctrl-C."
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, metavar="EV_S", help="Events per second at first.")] = 80.0,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, metavar="P", help="The worker's web port; without, a free one."),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Decides all that is left to chance.")] = None,
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="What is measured, and the kind of site that is simulated.")
    ] = PRESETS[0],
    as_json: Annotated[bool, typer.Option("--json", help="The summary as one JSON object.")] = False,
) -> None:
    """Run it all here: embedded broker and store, a simulated site, one worker, and a live view."""
    try:
        preset_text(preset)
    except ConfigurationError as error:
        _refuse(error)
    from stream.demo.run import demo as run

    raise typer.Exit(run(seconds, rate, port, seed, preset, as_json=as_json))


@cli.command()
def top(
    config: ConfigFile = None,
    preset: Preset = None,
    window: Annotated[
        str | None, typer.Option(metavar="SIZE", help="One of the configured windows; else 5m.")
    ] = None,
    segment: Annotated[str, typer.Option(metavar="DIMENSION=VALUE", help="Whom to look at.")] = "all",
    once: Annotated[bool, typer.Option("--once", help="One table or object, and the end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a second.")] = False,
) -> None:
    """Show the rates live, as Redis has them; without a terminal, one table."""
    with _settings(config, preset) as given:
        from stream.top.run import top as run

        raise typer.Exit(run(given, window, segment, once=once, as_json=as_json))


@contextmanager
def _settings(config: str | None, preset: str | None) -> Iterator[Settings]:
    """Give the configuration to what needs it; what is wrong with it, now or then, ends the command."""
    try:
        found = find(config, preset)
    except ConfigurationError as error:
        _refuse(error)
    try:
        yield found.settings
    except ConfigurationError as error:
        _refuse(found.refusal(error))


def _refuse(error: ConfigurationError) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(2) from None


def main() -> None:
    """Run the command line; it ends with one of ``EXIT_CODES``."""
    try:
        cli()
    except Exception as error:  # the last word on anything not foreseen: say it, and say it in one line
        logging.getLogger("stream").critical("%s: %s", type(error).__name__, error, exc_info=error)
        sys.exit(1)
