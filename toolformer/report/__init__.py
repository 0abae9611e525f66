"""What came of runs and evaluations, as one page to look at: self-contained, with every text."""

from toolformer.report.write import Reported, write_report

__all__ = ["Reported", "write_report"]
