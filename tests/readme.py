"""README's commands as they are written: `python -m tests.readme` prints them as one shell script.

`make core` runs it from top to bottom in one folder, in an environment that has the core alone.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str) -> str:
    """Returns a page's shell script: its `sh` blocks, what follows `$` in sessions, its Python."""
    found = []
    for language, content in _BLOCK.findall(page):
        if language == "sh":
            found.append(content)
        elif language == "console":
            found += [f"{line[2:]}\n" for line in content.splitlines() if line.startswith("$ ")]
        elif language == "python":
            session = f"import doctest, sys\nsession = {content!r}\n{_RUN}"
            found.append(f"python - <<'SESSION'\n{session}SESSION\n")
    return "".join(found)


_RUN = """\
test = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
sys.exit(doctest.DocTestRunner().run(test).failed)
"""

if __name__ == "__main__":
    sys.stdout.write(commands(README.read_text(encoding="utf-8")))
