"""The files that CREATE EXTENSION looks for: `python -m madpy.install.build OUTDIR` writes them."""

import sys
from pathlib import Path

from madpy.config import load
from madpy.errors import MadpyError
from madpy.install.plan import Release, filled
from madpy.install.render import install_script, upgrade_script


def build(folder: Path, release: Release) -> list[Path]:
    """Write the control file, the installation script and an upgrade script per older release."""
    port = release.home / "ports" / release.config.port
    files = {
        "madpy.control": filled((port / "madpy.control").read_text(encoding="utf-8"), release),
        f"madpy--{release.version}.sql": install_script(release, "extension"),
    }
    for old in release.older:
        files[f"madpy--{old}--{release.version}.sql"] = upgrade_script(release, "extension", old)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def main(arguments: list[str]) -> int:
    """Return the exit code: 0, 1 if a template or the configuration is wrong, 2 for wrong usage."""
    if len(arguments) != 1:
        print("usage: python -m madpy.install.build OUTDIR", file=sys.stderr)
        return 2
    try:
        for path in build(Path(arguments[0]), Release(load())):
            print(path)
    except MadpyError as error:
        print(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
