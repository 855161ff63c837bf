"""A server on this machine that speaks the part of Weights & Biases' API that its agent needs.

It takes a sweep as the client uploads it, and tells the agent which runs to do: of each parameter
the value, one of the values, or a number between min and max.
"""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

API_KEY = "0123456789" * 4
ENTITY, SWEEP, AGENT = "owner", "sweep1", "agent1"


class WandbServer:
    """The sweep that was registered, and the settings of the runs that were begun."""

    def __init__(self) -> None:
        self.sweep: dict[str, Any] = {}
        self.project = ""
        self.begun: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.refuses = False
        self.url = ""
        self._random = random.Random(1)

    def environment(self) -> dict[str, str]:
        """Variables that let the client ask this server, and keep the runs themselves on disk."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": API_KEY, "WANDB_MODE": "offline",
                "WANDB_SILENT": "true"}  # fmt: skip

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the data for a GraphQL operation, {} for one that is not known."""
        self.asked.append(operation)
        if operation == "Viewer":
            if self.refuses:
                return {"viewer": None}
            viewer = {"id": "1", "entity": ENTITY, "username": ENTITY, "flags": "{}"}
            return {"viewer": viewer | {"email": "", "teams": {"edges": []}}}
        if operation == "UpsertSweep":
            self.sweep, self.project = yaml.safe_load(given["config"]), given["projectName"]
            project = {"id": "1", "name": self.project, "entity": {"id": "1", "name": ENTITY}}
            sweep = {"name": SWEEP, "project": project}
            return {"upsertSweep": {"sweep": sweep, "configValidationWarnings": []}}
        if operation == "CreateAgent":
            return {"createAgent": {"agent": {"id": AGENT}}}
        if operation == "Heartbeat":
            commands = [] if json.loads(given["runState"]) else [self._begin()]
            beat = {"agent": {"id": AGENT}, "commands": json.dumps(commands)}
            return {"agentHeartbeat": beat}
        return {}

    def _begin(self) -> dict[str, Any]:
        run = f"run{len(self.begun)}"
        drawn = {name: self._draw(spec) for name, spec in self.sweep["parameters"].items()}
        self.begun[run] = drawn
        arguments = {name: {"value": value} for name, value in drawn.items()}
        return {"type": "run", "run_id": run, "args": arguments}

    def _draw(self, spec: dict[str, Any]) -> Any:
        if "min" in spec:
            return self._random.uniform(float(spec["min"]), float(spec["max"]))
        return self._random.choice(spec.get("values", [spec.get("value")]))


@contextmanager
def serving() -> Iterator[WandbServer]:
    """A server that answers until the block ends."""
    wandb = WandbServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"wandb": wandb}))
    wandb.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield wandb
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    wandb: WandbServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = asked.get("operationName") or asked["query"].split("(")[0].split()[1]
        answer = {"data": self.wandb.answer(operation, asked.get("variables") or {})}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *rest: Any) -> None:
        pass
