"""The verb ``init``: writes a configuration to start from, never over anything."""

import shlex
from pathlib import Path

from stream.configuration import DEFAULT_FILE, PRESETS, ConfigurationError, preset_text
from stream.generate.starter import starter


def init(preset: str | None, file: str | None) -> str:
    """Write the commented configuration of a preset; return what to tell the user.

    Args:
        preset: Its name.
        file: Where to; ``None``: ``./microconv.toml``.

    Raises:
        ConfigurationError: There is no such preset, there is such a file, or it cannot be written.
    """
    if preset is None:
        raise ConfigurationError(f"--preset: found nothing; wanted: one of {', '.join(PRESETS)}")
    text = starter(preset, preset_text(preset))
    path = Path(file or DEFAULT_FILE)
    try:
        with path.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        what = "a folder" if path.is_dir() else "a file"
        raise ConfigurationError(
            f"{path}: found {what} that exists; wanted: a new name, such as -o {_another(path)}"
        ) from None
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.parent.exists():
            raise ConfigurationError(
                f"{path}: found no folder {path.parent}; wanted: one that exists"
            ) from None
        raise ConfigurationError(
            f"{path}: cannot be written ({error.strerror}); wanted: a place where it can"
        ) from None
    given = "" if file is None else f" -c {shlex.quote(file)}"
    return f"wrote {path}: the preset {preset}, with all settings. Next: microconv check{given}"


def _another(path: Path) -> Path:
    """Return a name beside a path that is free."""
    candidates = (path.with_name(f"{path.stem}-{number}.toml") for number in range(2, 1_000))
    return next((name for name in candidates if not name.exists()), path)
