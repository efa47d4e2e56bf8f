"""Models applied to whole relations: figures, importance, predictions."""
