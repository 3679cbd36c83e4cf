"""What the fork server does before the first job, when it imports this module.

Job processes are forked from one that has the engine's compiled loops in memory, and the module in
which a job begins with all that it imports: otherwise each job would import it again, which takes
longer than a small generation. That server can be told to import modules and nothing else
(`multiprocessing.set_forkserver_preload`), so this module does its work when it is imported. It is
the only one that does; nothing but the server imports it.
"""

import gc

from simulacra.engine import compilation
from simulacra.service.confinement import layers
from simulacra.service.jobs import child  # noqa: F401 - where a job begins

compilation.compile_loops()
layers.prepare()
gc.collect()
gc.freeze()  # or the first collection in a job would write to all objects, and so copy their pages
