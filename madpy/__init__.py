"""madpy: in-database analytics and machine learning for PostgreSQL."""

__version__ = "0.1.0"
