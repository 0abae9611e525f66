"""What runs are judged by: which calls are right, and the shares that follow, with intervals."""
