"""Models of projects as data: their bytes read, carried elsewhere, written as SQL."""
