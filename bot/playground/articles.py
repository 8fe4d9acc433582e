"""A folder of Markdown as plain pages, so that the sample blog's links lead somewhere."""

from pathlib import Path

from aiohttp import web


class Articles:
    """Serves the Markdown files of *folder* as plain text, and nothing else of the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the article at ``{path}``, or 404."""
        file = (self._folder / request.match_info["path"]).resolve()
        if not file.is_relative_to(self._folder) or file.suffix != ".md" or not file.is_file():
            raise web.HTTPNotFound(text="There is no such article.")
        return web.Response(text=file.read_text(encoding="utf-8"), content_type="text/plain", charset="utf-8")
