"""What an annotation would find and take, by a sample of its corpus."""

from toolformer.annotate.dry_run.dry_run import DryRun, dry_run
from toolformer.annotate.dry_run.estimate import Estimate

__all__ = ["DryRun", "Estimate", "dry_run"]
