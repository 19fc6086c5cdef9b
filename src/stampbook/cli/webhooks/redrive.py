"""Send an endpoint's dead letters again."""

from stampbook.cli.terminal.replaying import EndpointArgument, ReplayOptions, run_replay

NO_OPTIONS = ReplayOptions()


def command(endpoint: EndpointArgument, /, *, options: ReplayOptions = NO_OPTIONS) -> int:
    """Send an endpoint's dead letters again, as the requests that they were, from their first try.

    `stampbook webhooks failed` lists them. Ctrl-C lets it rest; the command that it prints goes on.
    """
    return run_replay("redrive", endpoint, options, lambda _, __, wish: wish)
