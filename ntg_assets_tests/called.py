"""Call the `ntg` command in this process, in the folder in which the test stands."""

from typer.testing import CliRunner

from ntg_assets.cli.app import app


def ntg(*arguments: str) -> tuple[int, str]:
    """Return the exit code and what was printed, or the error that was raised."""
    done = CliRunner().invoke(app, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return 2, str(done.exception)
    return done.exit_code, done.output
