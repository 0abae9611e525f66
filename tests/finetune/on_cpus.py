"""The command line with its model's weights shared out among processes on a CPU.

`accelerate` shares weights out among GPUs alone, though torch can among any devices: here it takes
its processes for processes on GPUs.
"""

from typing import Any

from accelerate import PartialState
from accelerate.utils import DistributedType

from toolformer.cli.main import main

begin = PartialState.__init__


def begin_on_cpus(self: PartialState, *arguments: Any, **options: Any) -> None:
    begin(self, *arguments, **options)
    if self.distributed_type == DistributedType.MULTI_CPU:  # and not sharded already
        self.distributed_type = DistributedType.MULTI_GPU


if __name__ == "__main__":
    PartialState.__init__ = begin_on_cpus  # type: ignore[method-assign]
    main()
