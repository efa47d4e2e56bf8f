"""train: rows split, candidates fitted and compared, the best kept."""
