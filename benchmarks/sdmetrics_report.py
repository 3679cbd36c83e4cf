"""Print SDMetrics' property scores; started by `check_sdmetrics.py` in an environment apart."""

import json
import sys
from pathlib import Path

import pandas as pd
from sdmetrics.reports.single_table import QualityReport

folder = Path(sys.argv[1])
real, synthetic = (pd.read_parquet(folder / f"{name}.parquet") for name in ("real", "synthetic"))
kinds = json.loads((folder / "kinds.json").read_text(encoding="utf-8"))
report = QualityReport()
report.generate(
    real, synthetic, {"columns": {n: {"sdtype": k} for n, k in kinds.items()}}, verbose=False
)
scores = report.get_properties().set_index("Property")["Score"]
print(json.dumps({"shape": scores["Column Shapes"], "trend": scores["Column Pair Trends"]}))
