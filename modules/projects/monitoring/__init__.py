"""Data watched over time, and trainings on a schedule."""
