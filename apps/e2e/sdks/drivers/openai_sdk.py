"""openai of PyPI."""

import json

import openai
from suite import PLANE, PROMPT, TOKEN, VECTORS, equal, run, suite


def client(token=TOKEN):
    return openai.OpenAI(api_key=token, base_url=f"{PLANE}/v1", max_retries=0, timeout=20)


def asked(model, prompt, tools):
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    return body | ({"tools": [{"type": "function", "function": one} for one in tools]} if tools else {})


def told(answer):
    message, usage = answer.choices[0].message, answer.usage
    calls = [
        {"name": call.function.name, "arguments": json.loads(call.function.arguments)}
        for call in message.tool_calls or []
    ]
    counts = usage and {"input": usage.prompt_tokens, "output": usage.completion_tokens}
    return message.content or "", calls, counts


def ask(model, prompt=PROMPT, tools=None, token=TOKEN):
    return told(client(token).chat.completions.create(**asked(model, prompt, tools)))


def stream(model, tools=None, on_part=None, abort=False):
    body = asked(model, PROMPT, tools) | {"stream_options": {"include_usage": True}}
    with client().chat.completions.stream(**body) as parts:
        for part in parts:
            if abort:
                parts.close()
                return None
            if on_part:
                on_part(part)
        return told(parts.get_final_completion())


def fault(error):
    return getattr(error, "status_code", None), error.code, error.message


def embed(model):
    answer = client().embeddings.create(model=model, input=["one", "two"])
    equal([one.embedding for one in answer.data], VECTORS)
    equal(answer.usage.prompt_tokens, 7)


def models(_model):
    equal([one.id for one in client().models.list()], ["model-a", "model-b"])
    equal(client().models.retrieve("model-a").id, "model-a")


run(
    suite(
        ask,
        stream,
        fault,
        {
            400: openai.BadRequestError,
            401: openai.AuthenticationError,
            403: openai.PermissionDeniedError,
            413: openai.APIStatusError,
            429: openai.RateLimitError,
            500: openai.InternalServerError,
            "stream": openai.APIError,
        },
        {"embed": embed, "models": models},
    )
)
