"""An action of which only the latest request counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Latest:
    """Runs an action; requests that come while it runs are answered at its end, all of them by one more run.

    Attributes:
        busy: whether the action runs.
    """

    def __init__(self, action: Callable[[], Awaitable[None]]) -> None:
        """Keep the action, which sees the state of the page at the time it begins."""
        self.busy = False
        self._action = action
        self._wanted = False

    async def request(self) -> None:
        """Run the action, or have it run again once it is through."""
        self._wanted = True
        if self.busy:
            return
        self.busy = True
        try:
            while self._wanted:
                self._wanted = False
                await self._action()
                await asyncio.sleep(0)
        finally:
            self.busy = False
