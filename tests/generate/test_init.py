"""The verb ``init``: a commented configuration that says everything and changes nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream.cli import cli
from stream.configuration import PRESETS, ConfigurationError, load, preset_text
from stream.generate.command import init as write
from stream.generate.described import Described, described
from stream.generate.starter import starter
from stream.kinds import Section
from stream.settings import Settings

ACTIONS_ONLY = '# What readers do.\n[[micro]]\nname = "share"\nevent = "share"\n'
FUNNEL_ONLY = '[[funnel]]\nname = "f"\nsteps = [{ name = "a", event = "a" }, { name = "b", event = "b" }]\n'
SOME_KEYS = f"""[kafka]
group = "readers"

[kafka.auth]
tls = true

# Shorter than usual.
[windows]
sizes = ["1m", "5m"]

[dimensions]

[dimensions.plan]
field = "props.plan"

{ACTIONS_ONLY}"""
TEXTS = {
    **{name: preset_text(name) for name in PRESETS},
    "a": ACTIONS_ONLY,
    "f": FUNNEL_ONLY,
    "s": SOME_KEYS,
}
every_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["init", *arguments])


def settings(tmp_path: Path, text: str) -> Settings:
    """Return the configuration that a text makes."""
    file = tmp_path / "some.toml"
    file.write_text(text)
    return load(str(file), environ={})


def uncommented(text: str) -> str:
    """Take the # from every setting that is commented out."""
    return re.sub(r"(?m)^#(?=\S)", "", text)


def all_keys(section: type[Section], path: str = "") -> list[tuple[str, Described]]:
    """Return every key of the definitions with its path."""
    found = []
    for key in described(section):
        found.append((f"{path}{key.name}", key))
        if key.table is not None:
            found += all_keys(key.table, f"{path}{key.name}.")
    return found


@every_text
def test_the_file_means_what_the_preset_means(tmp_path: Path, text: str) -> None:
    """Comments and empty tables change nothing."""
    assert settings(tmp_path, starter("any", text)) == settings(tmp_path, text)


@every_text
def test_every_setting_is_named_with_its_meaning(text: str) -> None:
    """Whoever reads the file has seen every key of every table, and what it is for."""
    made = starter("any", text)
    words = " ".join(made.replace("\n#", "\n").split())
    keys = all_keys(Settings)
    assert len(keys) > 60
    for path, key in keys:
        name, meaning = key.name, key.text().replace("`", "")
        if key.table is not None and "." not in path:
            assert f"# {name}: {meaning.partition(' (')[0]}" in made, path
        elif path == "kafka.auth":
            assert "[kafka.auth]" in made
        else:
            assert re.search(rf"(?m)^#? *{name} +=? *\S", made), path
            assert meaning in words or re.search(rf"(?m)^{name} = ", text), path


@every_text
def test_every_commented_setting_is_valid(tmp_path: Path, text: str) -> None:
    """Taking every # away leaves a valid configuration, in which what has a default has that default."""
    made = uncommented(starter("any", text))
    assert made.count("\n#") < starter("any", text).count("\n#")
    changed, before = settings(tmp_path, made), settings(tmp_path, text)
    for name in ("redis", "web", "sessions", "time", "windows", "visitors"):
        assert getattr(changed, name) == getattr(before, name)
    auth = changed.kafka.auth.model_copy(update={"mechanism": before.kafka.auth.mechanism})
    assert changed.kafka.model_copy(update={"auth": auth}) == before.kafka
    for name in ("dimensions", "funnel", "micro", "audience", "alert", "notify"):
        assert getattr(changed, name), "an example stands for what the preset does not have"


def test_comments_of_the_preset_stay_where_they_were() -> None:
    """What is said above a table stands above it still."""
    made = starter("any", SOME_KEYS)
    assert "# Shorter than usual.\n[windows]\n" in made
    assert "# What readers do.\n[[micro]]\n" in made


def test_it_is_written_and_said_what_comes_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without -o it is ./microconv.toml, which is what the other commands look for."""
    monkeypatch.chdir(tmp_path)
    done = run("--preset", "ecommerce")
    assert done.exit_code == 0
    assert (
        done.stdout
        == "wrote microconv.toml: the preset ecommerce, with all settings. Next: microconv check\n"
    )
    assert load(environ={}) == load(preset="ecommerce", environ={})
    assert run("--preset", "ecommerce", "-o", "my shop.toml").stdout.endswith(
        "microconv check -c 'my shop.toml'\n"
    )


def test_nothing_is_ever_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a link to nothing, and a folder of that name stay as they are."""
    monkeypatch.chdir(tmp_path)
    Path("microconv.toml").write_text("mine")
    Path("link.toml").symlink_to("nowhere")
    Path("folder").mkdir()
    for arguments in ((), ("-o", "link.toml"), ("-o", "folder")):
        done = run("--preset", "ecommerce", *arguments)
        assert done.exit_code == 2
        assert "that exists; wanted: a new name" in done.stderr
        assert "Traceback" not in done.stderr
    assert Path("microconv.toml").read_text() == "mine"
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "--preset: found nothing; wanted: one of ecommerce, saas, content, leads"),
        (("--preset", "shop"), "--preset: found 'shop'; wanted: one of ecommerce, saas, content, leads"),
        (
            ("--preset", "ecommerce", "-o", "no/such.toml"),
            "no/such.toml: found no folder no; wanted: one that",
        ),
        (
            ("--preset", "ecommerce", "-o", "file/my.toml"),
            "file/my.toml: cannot be written (Not a directory)",
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2 and a sentence with what was found and what is wanted."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    done = run(*arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file"]


def test_where_nobody_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without permission is named, with the reason (root has it everywhere, so it is feigned)."""
    really = Path.open

    def refuse(path: Path, mode: str = "r", **more: Any) -> Any:
        if mode == "x":
            raise PermissionError(13, "Permission denied")
        return really(path, mode, **more)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigurationError, match=r"my\.toml: cannot be written \(Permission denied\)"):
        write("ecommerce", str(tmp_path / "my.toml"))
