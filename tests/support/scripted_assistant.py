"""The ``assistant`` command with scripted ears, as a process of its own: ``python -m`` with this module's name.

``SCRIPTED_EARS=deaf`` in the environment makes an engine that is not ready.
"""

from __future__ import annotations

import os

import assistant.engines
import assistant.opening
from assistant.cli import main
from tests.support.engines import ScriptedRecognizer

if __name__ == "__main__":
    ears = ScriptedRecognizer(ready=os.environ.get("SCRIPTED_EARS") != "deaf")
    assistant.engines.recognizer_of = lambda _: ears
    assistant.opening.recognizer_of = lambda _: ears
    main()
