from genretag.api import *  # noqa: F403 - a stub gives on what `__all__` names there

__version__: str
