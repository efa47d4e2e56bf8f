"""What a model makes of columns, and the outputs of its graph."""

import json
import math

import numpy as np

from madpy.modules.projects.models.fitted import Fitted
from madpy.modules.projects.models.graphs.columns import NULL_TEXT, Columns
from madpy.modules.projects.models.graphs.graph import DOUBLE, INT64, STRING, Graph
from madpy.records import Record
