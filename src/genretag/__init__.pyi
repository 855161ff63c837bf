from genretag.api import *  # noqa: F403 - a stub gives on what `__all__` names there
from genretag.errors import Code as Code
from genretag.errors import ExtraMissingError as ExtraMissingError
from genretag.errors import FileError as FileError
from genretag.errors import GenretagError as GenretagError
from genretag.errors import RunError as RunError
from genretag.errors import UsageError as UsageError

__version__: str
