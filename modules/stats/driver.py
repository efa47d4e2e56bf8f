"""Summaries of a table: correlation, covariance and summary."""

from madpy.modules.stats.correlate import correlation, covariance
from madpy.modules.stats.describe import summary

__all__ = ["correlation", "covariance", "summary"]
