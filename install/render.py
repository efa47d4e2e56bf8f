"""Steps as a script, for `CREATE EXTENSION` or for `psql -f`."""

from madpy.config import Config
from madpy.install.plan import Product, Release, Step, install_steps, upgrade_steps

ONE_TRANSACTION = """\
\\set ON_ERROR_STOP on
BEGIN;
SET LOCAL search_path TO pg_catalog, pg_temp;
"""


def render(config: Config, product: Product) -> str:
    """Return the installation script of this version of madpy."""
    return install_script(Release(config), product)


def install_script(release: Release, product: Product) -> str:
    """The installation script of `release`; the plain one is one transaction."""
    use = "CREATE EXTENSION madpy CASCADE" if product == "extension" else None
    return _script(f"madpy {release.version}", install_steps(release, product), use)


def upgrade_script(release: Release, product: Product, old: str) -> str:
    """Return the script that upgrades madpy `old` to `release`; users' objects and rights stay."""
    use = f"ALTER EXTENSION madpy UPDATE TO '{release.version}'" if product == "extension" else None
    return _script(f"madpy {old} to {release.version}", upgrade_steps(release, product, old), use)


def body(steps: list[Step]) -> str:
    """Return the steps one after the other, each under its title."""
    return "\n".join(f"-- ---- {step.title} ----\n\n{step.sql.strip()}\n" for step in steps)


def _script(title: str, steps: list[Step], use: str | None) -> str:
    """Return a script; with `use`, psql prints what to run instead and quits; CREATE EXTENSION does not."""
    head = f"-- {title}: made from its templates by the command madpy; not to be edited.\n"
    if use:
        return f'{head}\\echo Use "{use}" to load this file. \\quit\n\n{body(steps)}'
    return f"{head}{ONE_TRANSACTION}\n{body(steps)}\nCOMMIT;\n"
