"""`/docs`: the contract, to browse and to try. All of it comes from this server."""

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse

_STATIC: Final = Path(__file__).parent / "static"
_SCALAR: Final = "scalar-1.72.1.js"
_CACHED: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lyo API</title>
<link rel="icon" href="data:,">
</head>
<body>
<main id="reference"></main>
<noscript>The contract as a document: <a href="/openapi.json">openapi.json</a>,
<a href="/asyncapi.json">asyncapi.json</a>.</noscript>
<script src="/docs/{_SCALAR}"></script>
<script src="/docs/docs.js"></script>
</body>
</html>
"""


def install_docs(app: FastAPI) -> None:
    """Serve the reference at `/docs`."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _CONTENT_SECURITY_POLICY})

    @app.get("/docs/docs.js", include_in_schema=False)
    async def docs_start() -> FileResponse:
        return FileResponse(_STATIC / "docs.js", media_type="text/javascript")

    @app.get(f"/docs/{_SCALAR}", include_in_schema=False)
    async def docs_script() -> FileResponse:
        # Kept compressed: 1.3 MB instead of 4.4. Every browser that runs it reads gzip.
        headers = {**_CACHED, "Content-Encoding": "gzip"}
        return FileResponse(_STATIC / f"{_SCALAR}.gz", media_type="text/javascript", headers=headers)
