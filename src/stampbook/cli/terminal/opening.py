"""Opening: the database, the engine and the program that a command works with."""

from collections.abc import Generator
from contextlib import contextmanager

from stampbook.cli.terminal.errors import CommandError, sentence
from stampbook.cli.terminal.settings import configuration
from stampbook.core.definition import Definition
from stampbook.engine.writer import Engine
from stampbook.store.backend import Backend, StoreError, open_backend
from stampbook.store.programs import Programs
from stampbook.store.reading.programs import ProgramLine, programs


@contextmanager
def opened_backend(database: str | None) -> Generator[Backend]:
    """Open the database of the settings, or the one that the option names.

    Errors: CommandError when it cannot be opened or was never migrated; StoreError later on.
    """
    url = configuration(database).settings.database.url
    try:
        backend = open_backend(url)
    except ValueError as error:
        raise CommandError(sentence(error), "Correct --database or the setting.") from error
    try:
        _check_migrated(backend)
        yield backend
    finally:
        backend.close()


def _check_migrated(backend: Backend) -> None:
    try:
        with backend.read() as unit:
            unit.rows("SELECT 1 FROM program LIMIT 1")
    except StoreError as error:
        raise CommandError(
            f"The database cannot be read. {sentence(error)}",
            "Check its URL, then run: stampbook migrate",
        ) from error


@contextmanager
def opened_engine(database: str | None) -> Generator[Engine]:
    """Open the database and let an engine write to it; what was admitted is finished at the end."""
    with opened_backend(database) as backend:
        engine = Engine(backend)
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()


def definition_of(backend: Backend, program: ProgramLine) -> Definition:
    """Give the definition that is in force."""
    with backend.read() as unit:
        return Programs().definition(unit, program.id, program.version)


def chosen_programs(backend: Backend, wanted: str | None) -> list[ProgramLine]:
    """Give the program with an id or a name; when none is wanted, all.

    Errors: as those of `choose_program`.
    """
    if wanted is not None:
        return [choose_program(backend, wanted)]
    with backend.read() as unit:
        return programs(unit)


def choose_program(backend: Backend, wanted: str | None) -> ProgramLine:
    """Give the program with an id or a name; when none is wanted, the only one.

    Errors: CommandError when there is no such program, or more than one.
    """
    with backend.read() as unit:
        known = programs(unit)
    found = [one for one in known if wanted in {None, one.id, one.name}]
    if len(found) == 1:
        return found[0]
    if not known:
        raise CommandError("There is no program.", "Create one: stampbook program create NAME")
    listed = ", ".join(f"{one.id} ({one.name})" for one in (found or known))
    if not found:
        raise CommandError(f"There is no program {wanted}.", f"Choose from {listed}.")
    raise CommandError(
        f"{'Several programs are called ' + wanted if wanted else 'There are several programs'}.",
        f"Choose one by its id with --program: {listed}.",
    )
