"""Prints the installed version of a distribution, or that of the interpreter."""

import platform
import sys
from importlib.metadata import version

name = sys.argv[1]
print(platform.python_version() if name == 'python' else version(name))
