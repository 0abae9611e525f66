"""Studies: systems of others, built anew on the parts of this one.

Each has a folder. They share what tunes, decodes and measures with the rest of the package and
import nothing of one another.
"""
