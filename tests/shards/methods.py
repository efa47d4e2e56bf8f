"""Every method over a table, and what of its output has to be the same wherever the rows lie."""

from dataclasses import dataclass

# Of a summary all but its quartiles, which are estimates: they depend on the order in which rows come.
FIGURES = (
    "target_column, data_type, row_count, distinct_values, missing_values, mean, variance, min, max, stddev,"
    " positive_values, most_frequent_values, mfv_frequencies, earliest, latest"
)


@dataclass(frozen=True)
class Method:
    """`call` makes table {out} from {table}; `answer` is a query over it, its rows in a fixed order."""

    call: str
    answer: str
    kernels: tuple[str, ...]  # whose states travel
    passes: int = 1  # at least

    def run(self, table: str, out: str) -> str:
        return f"SELECT * FROM madlib.{self.call.format(table=table, out=out)}"

    def answers(self, out: str) -> str:
        return self.answer.format(out=out)


METHODS = {
    "regr": Method(
        "regr_train('{table}', '{out}', 'y', 'x1, x2, x3, flag, colour')",
        "SELECT coef, std_err, r2, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("moments",),
    ),
    "regr robust, grouped": Method(
        "regr_train('{table}', '{out}', 'y', 'x1, x3', 'colour, amount', true, robust => true)",
        "SELECT colour, amount = 1, coef, std_err, bp_p_value, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("moments", "meat", "squared_residuals"),
        3,
    ),
    "regr robust, a group without a model": Method(
        "regr_train('{table}', '{out}', 'y', 'x1, colour', 'colour', true, robust => true)",
        "SELECT colour, coef, std_err, bp_p_value, num_rows_processed FROM {out} ORDER BY 1",
        ("moments", "meat", "squared_residuals"),
        3,
    ),
    "regr weighted": Method(
        "regr_train('{table}', '{out}', 'y', 'ARRAY[1, x1, x3 * 2.5]', weights => 'place')",
        "SELECT coef, std_err, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("weighted_moments",),
    ),
    "regr, a level in rows that are skipped": Method(
        "regr_train('{table}', '{out}', 'CASE WHEN colour <> ''red'' THEN y END', 'x1, colour', 'place',"
        " weights => 'x3 % 4', robust => true)",
        "SELECT place, coef, std_err, aliases, feature_names, num_rows_processed FROM {out} ORDER BY 1",
        ("weighted_moments", "meat"),
        2,
    ),
    "regr, text with one value": Method(
        "regr_train('{table}', '{out}', 'CASE WHEN colour = ''red'' THEN y END', 'x1, colour')",
        "SELECT coef, feature_names, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("moments",),
    ),
    "logregr, levels by group": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1, colour', 'place, x3')",
        "SELECT place, x3, coef, aliases, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("logregr",),
        4,
    ),
    "logregr": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1, x2, colour')",
        "SELECT coef, std_err, log_likelihood, num_iterations, num_rows_processed FROM {out}",
        ("logregr",),
        4,
    ),
    "logregr grouped": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1', 'day, flag')",
        "SELECT day, flag, coef, num_iterations, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("logregr",),
        3,
    ),
    "logregr of text": Method(
        "logregr_train('{table}', '{out}', 'CASE WHEN flag THEN colour ELSE ''red'' END = ''red''', 'x1')",
        "SELECT coef, num_rows_processed FROM {out}",
        ("logregr",),
        3,
    ),
    "logregr weighted": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1, x2', weights => 'place')",
        "SELECT coef, std_err, log_likelihood, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("weighted_logregr",),
        4,
    ),
    "glm": Method(
        "glm_train('{table}', '{out}', 'abs(y) + 1', 'x1, x2, colour', 'gamma', 'log',"
        " \"offset\" => 'x1 / 10')",
        "SELECT coef, std_err, deviance, null_deviance, num_rows_processed FROM {out}",
        ("weighted_moments", "glm"),
        5,
    ),
    "glm grouped": Method(
        "glm_train('{table}', '{out}', 'y > 3', 'x1', 'binomial', 'probit', 'flag, place',"
        " weights => 'x3 % 4')",
        "SELECT flag, place, coef, std_err, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("weighted_moments", "glm"),
        5,
    ),
    "nb": Method(
        "nb_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', categorical_cols => 'x3')",
        "SELECT class, feature, value, prior, mean, variance, probability, count FROM {out} ORDER BY 1, 2, 3",
        ("nb",),
    ),
    "nb grouped": Method(
        "nb_train('{table}', '{out}', 'flag', 'x1, colour', 'place')",
        "SELECT place, class, feature, value, prior, mean, count FROM {out} ORDER BY 1, 2, 3, 4",
        ("nb",),
    ),
    "nb weighted": Method(
        "nb_train('{table}', '{out}', 'flag', 'x1, colour', 'place', weights => 'x3 * 0.5')",
        "SELECT place, class, feature, value, prior, mean, count FROM {out} ORDER BY 1, 2, 3, 4",
        ("weighted_nb",),
    ),
    "dtree": Method(
        "dtree_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', max_depth => 4)",
        "SELECT node, split, num_rows, prediction, class_counts FROM {out} ORDER BY 1",
        ("dtree_sample", "dtree"),
        5,
    ),
    "dtree weighted": Method(
        "dtree_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', max_depth => 4, weights => 'place')",
        "SELECT node, split, num_rows, prediction, class_counts FROM {out} ORDER BY 1",
        ("weighted_dtree_sample", "weighted_dtree"),
        5,
    ),
    "dtree grouped": Method(
        "dtree_train('{table}', '{out}', 'y', 'x1, colour', 'flag', max_depth => 3)",
        "SELECT flag, node, split, num_rows, prediction FROM {out} ORDER BY 1, 2",
        ("dtree_sample", "dtree"),
        4,
    ),
    "kmeans": Method(
        "kmeans_train('{table}', '{out}', 'x1, x2', 4)",
        "SELECT cluster_id, centroid, size, within_sum, silhouette FROM {out} ORDER BY 1",
        ("kmeans_sample", "kmeans"),
        3,
    ),
    "kmeans weighted": Method(
        "kmeans_train('{table}', '{out}', 'x1, x2', 4, max_iter => 3, weights => 'x3 % 4')",
        "SELECT cluster_id, centroid, size, within_sum, silhouette FROM {out} ORDER BY 1",
        ("weighted_kmeans_sample", "weighted_kmeans"),
        3,
    ),
    "kmeans grouped": Method(
        "kmeans_train('{table}', '{out}', 'x1, x3', 3, grouping_cols => 'amount')",
        "SELECT amount = 1, cluster_id, centroid, size FROM {out} ORDER BY 1, 2",
        ("kmeans_sample", "kmeans"),
        3,
    ),
    "correlation": Method(
        "correlation('{table}', '{out}', 'x1, x2, x3, y')",
        "SELECT * FROM {out} ORDER BY 1",
        ("column_moments",),
    ),
    "covariance grouped": Method(
        "covariance('{table}', '{out}', 'x1, x2, y', grouping_cols => 'colour')",
        "SELECT * FROM {out} ORDER BY colour, column_position",
        ("column_moments",),
    ),
    "summary": Method(
        "summary('{table}', '{out}')",
        f"SELECT {FIGURES} FROM {{out}} ORDER BY column_number",
        ("column_summary",),
    ),
    "summary grouped": Method(
        "summary('{table}', '{out}', 'x1, day, amount', 'flag')",
        f"SELECT group_by_value, {FIGURES} FROM {{out}} ORDER BY group_by_value, column_number",
        ("column_summary",),
    ),
}
