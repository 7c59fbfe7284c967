"""Let `validation` be imported however pytest is started, and keep Hypothesis repeatable."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=False, database=None)
settings.load_profile("steady")
