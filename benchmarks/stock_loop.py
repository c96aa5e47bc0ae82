"""The box on waitress's own main loop, to show what ours is for.

`python -m benchmarks.stock_loop COMMAND ARGUMENTS...`, where COMMAND is `examroom`'s path.
"""

from __future__ import annotations

import sys

from waitress.server import TcpWSGIServer

from appliance.cli import main
from appliance.web import serving

if __name__ == "__main__":
    vars(serving)["EpollServer"] = TcpWSGIServer
    sys.argv = sys.argv[1:]
    main()
