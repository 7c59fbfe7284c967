"""Let `validation` be imported however pytest is started; this folder has the same name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
