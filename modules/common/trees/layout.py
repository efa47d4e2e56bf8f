"""Numbers of parameters, outcomes and models of trees, by the names that layout.h gives them."""

C_HEADER = "common/trees/layout.h"

# The beginning of the parameters of a kernel that counts rows (plan.h).
HEADER_CODED = 0
HEADER_CLASSES = 1
HEADER_SLOTS = 2
HEADER_NODES = 3
HEADER_FEATURES = 4
HEADER_COUNTING = 5
HEADER_FOLDS = 6
HEADER_FOLD = 7
HEADER_HELD_OUT = 8
HEADER_SEED = 9
HEADER_ENTROPY = 10
HEADER_MIN_BUCKET = 11
HEADER_FIELDS = 12

# The ways in which a pass counts rows, and their outcomes.
COUNTING_SLOTS = 0
COUNTING_CODES = 1
COUNTING_AND_BOUND = 2
COUNTING_INTERVALS = 3

# A node in the parameters.
NODE_FEATURE = 0
NODE_LEFT = 1
NODE_RIGHT = 2
NODE_SPLIT = 3
NODE_NULL_RIGHT = 4
NODE_SLOT = 5
NODE_SHIFT = 6
NODE_FIELDS = 7

# The end of the parameters of COUNTING_AND_BOUND and COUNTING_INTERVALS.
TAIL_UNIT = 0
TAIL_MOVES_AT = 1
TAIL_MOVES = 2
TAIL_LIST_AT = 3
TAIL_INTERVALS = 4
TAIL_FIELDS = 5

# A cell of a regression, and the counts of a node.  In a classification these are the rows of each class.
STAT_ROWS = 0
STAT_SUM = 1
STAT_SQUARES = 2
STAT_FIELDS = 3
STAT_MEAN = 1

# An interval in the parameters: these numbers, then three cells of counts: to the left of it, of NULL, of the
# node.
INTERVAL_SLOT = 0
INTERVAL_FEATURE = 1
INTERVAL_BIN = 2
INTERVAL_LOW = 3
INTERVAL_HIGH = 4
INTERVAL_FROM = 5
INTERVAL_TO = 6
INTERVAL_LINEAR = 7
INTERVAL_PARTS = 8
INTERVAL_BEST = 9
INTERVAL_FIELDS = 10

# The best split of a slot in an outcome: these numbers, then counts of the node and of the left side.
SPLIT_GAIN = 0
SPLIT_FEATURE = 1
SPLIT_LAST_LEFT = 2
SPLIT_NULL_RIGHT = 3
SPLIT_NULL_ROWS = 4
SPLIT_FIELDS = 5

# A bin that an outcome lists: these numbers, then counts to the left of it and of NULL.
BIN_SLOT = 0
BIN_FEATURE = 1
BIN_NUMBER = 2
BIN_ROWS = 3
BIN_MOST = 4
BIN_FIELDS = 5

# The best split within an interval in an outcome: these numbers, then counts of the left side.
FOUND_GAIN = 0
FOUND_THRESHOLD = 1
FOUND_NULL_RIGHT = 2
FOUND_SMALLEST = 3
FOUND_LARGEST = 4
FOUND_FIELDS = 5

# A part of an interval that an outcome lists: these numbers, then counts to the left of it.
PART_INTERVAL = 0
PART_SMALLEST = 1
PART_LARGEST = 2
PART_NUM_ROWS = 3
PART_MOST = 4
PART_FIELDS = 5

# The beginning of the state of a kernel that samples rows; the first two are its parameters.
SAMPLE_KEEP = 0
SAMPLE_SEED = 1
SAMPLE_COUNT = 2
SAMPLE_LIMIT = 3
SAMPLE_FIELDS = 4

# An entry of a sample: these numbers, then the values of the row.  An outcome has no hashes.
ENTRY_HASH = 0
ENTRY_COUNT = 1
ENTRY_FIELDS = 2

# Arrays of a model (score.c).
MODEL_SHAPE = 0
MODEL_STEPS = 1
MODEL_THRESHOLDS = 2
MODEL_LEVELS = 3
MODEL_VALUES = 4
MODEL_ENDS = 5
MODEL_TEXTS = 6
MODEL_FIELDS = 7

# Arrays of a model of many trees (ensemble_model.h).
ENSEMBLE_SHAPE = 0
ENSEMBLE_ENDS = 1
ENSEMBLE_TEXTS = 2
ENSEMBLE_NAME_ENDS = 3
ENSEMBLE_NAMES = 4
ENSEMBLE_FACTS = 5
ENSEMBLE_TREES = 6
ENSEMBLE_NODES = 7
ENSEMBLE_SETS = 8
ENSEMBLE_MAPS = 9
ENSEMBLE_NUMBERS = 10
ENSEMBLE_COVERS = 11
ENSEMBLE_START = 12
ENSEMBLE_FIELDS = 13

# The functions that make predictions of the sums of leaves.
LINK_NUMBER = 0
LINK_EXP = 1
LINK_SHARE = 2
LINK_SHARES = 3
LINK_LOGIT = 4
LINK_SOFTMAX = 5
LINK_COUNT = 6

# ENSEMBLE_FACTS of a model.
FACT_LINK = 0
FACT_TREES = 1
FACT_WIDTH = 2
FACT_FIELDS = 3

# A node of a model.
STEP_FEATURE = 0
STEP_LEFT = 1
STEP_NULL_RIGHT = 2
STEP_LEVELS = 3
STEP_FIELDS = 4
