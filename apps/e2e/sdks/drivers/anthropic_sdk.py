"""anthropic of PyPI."""

import anthropic
from suite import PLANE, PROMPT, TOKEN, equal, run, suite


def client(token=TOKEN):
    return anthropic.Anthropic(api_key=token, base_url=PLANE, max_retries=0, timeout=20)


def asked(model, prompt, tools):
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    if tools:
        body["tools"] = [
            {"name": one["name"], "description": one["description"], "input_schema": one["parameters"]}
            for one in tools
        ]
    return body


def told(answer):
    text = "".join(block.text for block in answer.content if block.type == "text")
    calls = [{"name": block.name, "arguments": block.input} for block in answer.content if block.type == "tool_use"]
    return text, calls, {"input": answer.usage.input_tokens, "output": answer.usage.output_tokens}


def ask(model, prompt=PROMPT, tools=None, token=TOKEN):
    return told(client(token).messages.create(max_tokens=64, **asked(model, prompt, tools)))


def stream(model, tools=None, on_part=None, abort=False):
    with client().messages.stream(max_tokens=64, **asked(model, PROMPT, tools)) as parts:
        for part in parts:
            if abort:
                parts.close()
                return None
            if on_part:
                on_part(part)
        return told(parts.get_final_message())


def fault(error):
    inner = error.body["error"]
    return getattr(error, "status_code", None), inner.get("details", {}).get("error_code"), error.message


def count(model):
    equal(client().messages.count_tokens(**asked(model, PROMPT, None)).input_tokens, 7)


run(
    suite(
        ask,
        stream,
        fault,
        {
            400: anthropic.BadRequestError,
            401: anthropic.AuthenticationError,
            403: anthropic.PermissionDeniedError,
            413: anthropic.ContentTooLargeError,
            429: anthropic.RateLimitError,
            500: anthropic.InternalServerError,
            "stream": anthropic.APIStatusError,
        },
        {"count": count},
    )
)
