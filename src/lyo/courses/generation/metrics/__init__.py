"""What can be said of a course without a judge: small functions with names, the same for the report card and the eval.

A metric that cannot be computed raises `MetricUndefined` and says why; there is no default score.
"""

from lyo.courses.generation.metrics.registry import BY_NAME, METRICS
from lyo.courses.generation.metrics.values import Metric, MetricUndefined, Verdict

__all__ = ["BY_NAME", "METRICS", "Metric", "MetricUndefined", "Verdict"]
