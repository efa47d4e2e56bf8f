"""Top-level folder X is the package madpy.X.

The links in madpy/ say so to a checkout; the mapping here says so to wheels, which never depend on the links.
"""

from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
DATA = ["*.sql", "*.yml", "*.md", "*.csv", "*.csv.gz", "*.control"]
NOT_SHIPPED = {"madpy", "tests", "benchmarks"}


def package_folders() -> dict[str, str]:
    """Each package's name and its folder, relative to the checkout."""
    folders = {"madpy": "madpy", "madpy.dev": "madpy/dev"}
    for init in sorted(ROOT.glob("*/__init__.py")):
        top = init.parent.name
        if top not in NOT_SHIPPED:
            folders[f"madpy.{top}"] = top
            for name in find_namespace_packages(top, exclude=["*__pycache__*", "*.src"]):
                folders[f"madpy.{top}.{name}"] = f"{top}/{name.replace('.', '/')}"
    return folders


if __name__ == "__main__":
    setup(
        packages=list(package_folders()),
        package_dir=package_folders(),
        package_data={"": DATA},
        include_package_data=False,
    )
