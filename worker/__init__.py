"""The process that heavy fits run in: beside the server, never in it.  See README.md."""
