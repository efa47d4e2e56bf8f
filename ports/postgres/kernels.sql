-- kernels: those that several methods take, each as an aggregate that returns its state, and one that merges states.
-- A state is data: it may be kept in a table, and states of parts of the data merge into the state of the whole.

-- moments: first and second moments of features and target in double-double.

MADLIB_KERNEL moments(y double precision, x double precision[]) IS
    'the state of a linear regression of y on x, which can be kept, merged and fitted';

-- weighted_moments: the same with a weight per row.

MADLIB_KERNEL weighted_moments(y double precision, x double precision[], weight double precision) IS
    'the state of a weighted linear regression of y on x, which can be kept, merged and fitted';
