"""What the fork server does before the first job, when it imports this module.

Job processes are forked from one that has the engine's compiled loops in memory. That server can be
told to import modules and nothing else (`multiprocessing.set_forkserver_preload`), so this module
does its work when it is imported. It is the only one that does; nothing but the server imports it.
"""

from simulacra.engine import compilation
from simulacra.service.confinement import layers

compilation.compile_loops()
layers.prepare()
