"""Summaries of a table: correlation, covariance, summary, and distinct values."""

from madpy.modules.stats.correlate import correlation, covariance
from madpy.modules.stats.describe import summary
from madpy.modules.stats.distinct import fmsketch_dcount

__all__ = ["correlation", "covariance", "fmsketch_dcount", "summary"]
