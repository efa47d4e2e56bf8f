"""projects: models by the name of what they are for."""
