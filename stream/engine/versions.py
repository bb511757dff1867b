"""The one place that says which Faust and aiokafka this engine was written against."""

from importlib.metadata import PackageNotFoundError, version

PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
"""The engine overrides functions of these two that are no public interface: another version may differ."""


class UnsupportedVersionError(RuntimeError):
    """An installed package is not the one whose insides the engine was written against."""


def check_versions() -> None:
    """Refuse to run on other versions than the pinned ones.

    Raises:
        UnsupportedVersionError: Naming the package, what is installed and what is wanted.
    """
    for package, wanted in PINNED.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "none"
        if found != wanted:
            raise UnsupportedVersionError(
                f"stream.engine overrides insides of {package} {wanted}, but {found} is installed: "
                f"install {package}=={wanted}, or adapt stream/engine and its contract tests to {found}"
            )
