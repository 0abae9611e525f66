"""A Hugging Face dataset, streamed row by row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from toolformer.corpus.files import CorpusProblem, Record
from toolformer.corpus.lines import reason_of
from toolformer.errors import CorpusError, clipped

# owner/name, then a configuration and a split: allenai/c4:en:validation
DATASET_ID = re.compile(r"(?P<id>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]*))?(?::(?P<split>.+))?")


@dataclass(frozen=True, slots=True)
class HubDataset:
    """Which Hugging Face dataset, and which part of it."""

    id: str
    config: str | None
    split: str

    @property
    def name(self) -> str:
        """The id, as ids of documents and problems name it."""
        return self.id

    def records(self) -> Iterator[Record | CorpusProblem]:
        """Yields the dataset's rows; the last is a problem if the stream breaks off.

        Raises:
            CorpusError: it cannot be had.
        """
        import datasets

        number = 0
        try:
            loaded = datasets.load_dataset(self.id, self.config, split=self.split, streaming=True)
            # Pictures and sounds stay the bytes they are: nothing that decodes them is needed.
            for number, row in enumerate(loaded.decode(False), start=1):
                yield Record(number, row)
        except Exception as error:  # noqa: BLE001 (a file system's, a server's, Arrow's, a codec's)
            said = reason_of(error)
            if number == 0:
                raise CorpusError(
                    f"There is no file '{clipped(self.id, 200)}', and it cannot be loaded as a "
                    f"Hugging Face dataset with the split '{self.split}' ({clipped(said, 200)})."
                ) from None
            yield CorpusProblem(self.id, None, f"breaks off after row {number} ({said})")
