"""Where documents come from: files, directories of files, Hugging Face datasets."""

from toolformer.corpus.files import CorpusProblem
from toolformer.corpus.read import read_corpus, read_rows
from toolformer.corpus.sources import Corpora, describe_corpus

__all__ = ["Corpora", "CorpusProblem", "describe_corpus", "read_corpus", "read_rows"]
