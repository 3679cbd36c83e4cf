"""Names for the arrays that the engine passes around; all are NumPy arrays."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
"""Values of a study: a level as its position, a day as days since 1970, NaN where missing."""
Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]
"""Tree codes, states of rules, and row numbers of a study."""
Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
