"""Google's object storage over real HTTP, as far as its file system for Python asks: one bucket, kept in memory."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

BUCKET = "staged"
_OBJECT = re.compile(rf"/(?:download/)?storage/v1/b/{BUCKET}/o/(?P<name>[^?]+)")
_PARTS = re.compile(rb"--==0==\n.*?\n\n(.*?)\n--==0==\n.*?\n\n(.*)\n--==0==--", re.DOTALL)


class Storage:
    """One bucket; use as a context manager.

    :ivar objects: name -> its bytes.
    """

    def __init__(self) -> None:
        self._http = HTTPServer(threaded=True)
        self.objects: dict[str, bytes] = {}

    def __enter__(self) -> Storage:
        self._http.start()  # type: ignore[no-untyped-call]
        self._http.expect_request(re.compile("^/.*")).respond_with_handler(self._answer)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stop()  # type: ignore[no-untyped-call]

    @property
    def port(self) -> int:
        return self._http.port

    def _answer(self, request: Request) -> Response:
        raw = str(request.environ["RAW_URI"]).partition("?")[0]
        if raw.startswith("/upload/"):
            return self._upload(request)
        if request.path.startswith("/batch/"):
            return self._removed(request)
        named = _OBJECT.fullmatch(raw)
        if named is None:
            return _json(self._listed(request) if raw.endswith("/o") else {"kind": "storage#bucket", "name": BUCKET})
        name, _, to = (unquote(part) for part in named["name"].partition("/moveTo/o/"))
        if name not in self.objects:
            return _json({"error": {"code": 404, "message": f"No such object: {BUCKET}/{name}"}}, 404)
        return self._object(request, name, to)

    def _object(self, request: Request, name: str, to: str) -> Response:
        if request.method == "DELETE":
            del self.objects[name]
            return Response(status=204)
        if to:
            self.objects[to] = self.objects.pop(name)
            return _json(self._about(to))
        if request.args.get("alt") != "media":
            return _json(self._about(name))
        data = self.objects[name]
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if not asked:
            return Response(data)
        first, last = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        where = {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
        return Response(data[first : last + 1], 206, where)

    def _upload(self, request: Request) -> Response:
        """In one request, or as a resumable one whose parts are sent to an address that is told first."""
        data = request.get_data()
        if request.method == "POST" and request.args["uploadType"] == "resumable":
            there = f"{request.url.partition('?')[0]}?name={request.args['name']}&uploadType=part"
            return Response(status=200, headers={"Location": there})
        if request.args["uploadType"] == "part":
            name, body = request.args["name"], data
        else:
            parts = _PARTS.fullmatch(data)
            assert parts is not None, data[:300]
            name, body = json.loads(parts[1])["name"], parts[2]
        self.objects[name] = body
        return _json(self._about(name))

    def _removed(self, request: Request) -> Response:
        """Several objects, removed by one request."""
        names = re.findall(rf"DELETE /storage/v1/b/{BUCKET}/o/(\S+?)(?:\?\S*)? HTTP", request.get_data(as_text=True))
        for name in names:
            self.objects.pop(unquote(name), None)
        one = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n"
        return Response(one * len(names) + "--b--", content_type="multipart/mixed; boundary=b")

    def _listed(self, request: Request) -> Mapping[str, Any]:
        prefix, ends = request.args.get("prefix", ""), request.args.get("delimiter", "")
        found = [name for name in sorted(self.objects) if name.startswith(prefix)]
        deeper = {
            prefix + name[len(prefix) :].split(ends)[0] + ends for name in found if ends and ends in name[len(prefix) :]
        }
        items = [self._about(name) for name in found if not any(name.startswith(folder) for folder in deeper)]
        return {"kind": "storage#objects", "items": items, "prefixes": sorted(deeper)}

    def _about(self, name: str) -> Mapping[str, Any]:
        data = self.objects[name]
        digest = b64encode(hashlib.md5(data).digest()).decode()
        more = {"generation": "1", "contentType": "application/octet-stream", "updated": "2026-12-01T00:00:00.000Z"}
        return {"name": name, "bucket": BUCKET, "size": str(len(data)), "md5Hash": digest, **more}


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
