"""The cases of lib/suite.mjs for SDKs of Python; an adapter is told about there, and here is a dict of functions.

These SDKs have no error for an abort: a stream is closed, and no more of it comes.
"""

import json
import os
import re
import time
import traceback
import urllib.request

SDK = os.environ["MATRIX_SDK"]
PLANE = os.environ["MATRIX_PLANE"]
TOKEN = os.environ["MATRIX_TOKEN"]
PROMPT = "say hello"
TEXT = "Hello there, agent!"
CALLS = [{"name": "get_weather", "arguments": {"city": "Oslo"}}]
USAGE = {"input": 7, "output": 5}
VECTORS = [[0.25, -0.5, 1], [0.25, -0.5, 1]]


def tool(name, member):
    schema = {"type": "object", "properties": {member: {"type": "string"}}}
    return [{"name": name, "description": "of this test", "parameters": schema}]


WEATHER, DANGER, NAMELESS = tool("get_weather", "city"), tool("wipe_disk", "volume"), tool("no name", "x")


def equal(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def thrown(work):
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is what is asked for
        return error
    raise AssertionError(f"nothing was raised, but given: {result!r}")


def suite(ask, stream, fault, errors, more):
    def model(scenario):
        return f"{scenario}.{SDK}"

    def denied(status, code, work):
        error = thrown(work)
        equal(type(error), errors[status])
        equal(fault(error)[:2], (status, code))

    def passed_on(status):
        error = thrown(lambda: ask(model(f"provider_{status}")))
        equal(type(error), errors[status])
        told, _, message = fault(error)
        equal(told, status)
        assert "the provider said so" in message, message

    def broken(scenario, code, tools=None):
        parts = []
        error = thrown(lambda: stream(model(scenario), tools=tools, on_part=lambda part: parts.append(repr(part))))
        expected = errors["stream"]
        assert type(error) in (expected if isinstance(expected, tuple) else (expected,)), repr(error)
        equal(fault(error)[1], code)
        return "\n".join(parts)

    def streamed():
        parts = []
        equal(stream(model("plain"), on_part=parts.append)[:2], (TEXT, []))
        assert len(parts) > 1, parts

    def limited():
        for _ in range(3):
            ask(model("plain"))

    def refused_call_stream():
        assert not re.search("wipe|volume|everything", broken("danger", "policy_deny", DANGER))

    def stream_error():
        assert "the provider said so" not in broken("stream_error", "upstream_error")

    def aborted():
        stream(model("hang"), abort=True)
        while not any(one["model"] == model("hang") and one["isClosed"] for one in seen()):
            time.sleep(0.05)

    cases = {
        "plain": lambda: equal(ask(model("plain"))[:2], (TEXT, [])),
        "stream": streamed,
        "tools": lambda: equal(ask(model("tools"), tools=WEATHER)[1], CALLS),
        "tool_stream": lambda: equal(stream(model("tools"), tools=WEATHER)[1], CALLS),
        "usage": lambda: equal(ask(model("plain"))[2], USAGE),
        "usage_stream": lambda: equal(stream(model("plain"))[2], USAGE),
        "plane_400": lambda: denied(400, "request_malformed", lambda: ask(model("plain"), tools=NAMELESS)),
        "plane_401": lambda: denied(401, "agent_unknown", lambda: ask(model("plain"), token="not.a.token")),
        "plane_403": lambda: denied(403, "policy_deny", lambda: ask(model("forbidden"))),
        "plane_413": lambda: denied(
            413, "request_too_large", lambda: ask(model("plain"), prompt="lorem ipsum " * 30_000)
        ),
        "plane_429": lambda: denied(429, "rate_limited", limited),
        **{f"provider_{status}": lambda status=status: passed_on(status) for status in (400, 429, 500)},
        "refused_call": lambda: denied(403, "policy_deny", lambda: ask(model("danger"), tools=DANGER)),
        "refused_call_stream": refused_call_stream,
        "stream_error": stream_error,
        "stream_cut": lambda: broken("stream_cut", "upstream_error"),
        "abort": aborted,
    }
    for name, work in more.items():
        cases[name] = lambda name=name, work=work: work(model(name))
        cases[f"{name}_403"] = lambda work=work: denied(403, "policy_deny", lambda: work(model("forbidden")))
    return cases


def seen():
    with urllib.request.urlopen(f"{os.environ['MATRIX_UPSTREAM']}/seen") as answer:
        return json.load(answer)


def run(cases):
    for name in os.environ["MATRIX_CASES"].split(","):
        try:
            cases[name]()
            line = {"case": name, "ok": True, "detail": ""}
        except Exception:  # noqa: BLE001 - a case that fails must not keep the next from running
            line = {"case": name, "ok": False, "detail": traceback.format_exc()}
        print(json.dumps(line, separators=(",", ":")), flush=True)
