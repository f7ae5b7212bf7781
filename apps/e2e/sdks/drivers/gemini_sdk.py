"""google-genai of PyPI."""

from google import genai
from google.genai import errors, types
from suite import PLANE, PROMPT, TOKEN, VECTORS, equal, run, suite


def client(token=TOKEN):
    return genai.Client(api_key=token, http_options=types.HttpOptions(base_url=PLANE, timeout=20_000))


def config(tools):
    if not tools:
        return None
    declared = [
        types.FunctionDeclaration(
            name=one["name"], description=one["description"], parameters_json_schema=one["parameters"]
        )
        for one in tools
    ]
    return types.GenerateContentConfig(tools=[types.Tool(function_declarations=declared)])


def calls_of(answer):
    return [{"name": call.name, "arguments": call.args} for call in answer.function_calls or []]


def usage_of(answer):
    usage = answer.usage_metadata
    return usage and {"input": usage.prompt_token_count, "output": usage.candidates_token_count}


def ask(model, prompt=PROMPT, tools=None, token=TOKEN):
    with client(token) as opened:
        answer = opened.models.generate_content(model=model, contents=prompt, config=config(tools))
    return answer.text or "", calls_of(answer), usage_of(answer)


def stream(model, tools=None, on_part=None, abort=False):
    text, calls, usage = "", [], None
    with client() as opened:
        parts = opened.models.generate_content_stream(model=model, contents=PROMPT, config=config(tools))
        for part in parts:
            if abort:
                parts.close()
                return None
            if on_part:
                on_part(part)
            text += part.text or ""
            calls += calls_of(part)
            usage = usage_of(part) or usage
    return text, calls, usage


def fault(error):
    inner = error.details["error"]
    reasons = [one.get("reason") for one in inner.get("details", [])]
    return error.code, reasons[0] if reasons else None, error.message


def count(model):
    with client() as opened:
        equal(opened.models.count_tokens(model=model, contents=PROMPT).total_tokens, 7)


def embed(model):
    with client() as opened:
        answer = opened.models.embed_content(model=model, contents=["one", "two"])
    equal([one.values for one in answer.embeddings], VECTORS)


def models(_model):
    with client() as opened:
        equal([one.name for one in opened.models.list()], ["models/model-a", "models/model-b"])
        equal(opened.models.get(model="model-a").name, "models/model-a")


run(
    suite(
        ask,
        stream,
        fault,
        {
            **{status: errors.ClientError for status in (400, 401, 403, 413, 429)},
            500: errors.ServerError,
            "stream": (errors.ClientError, errors.ServerError),
        },
        {"count": count, "embed": embed, "models": models},
    )
)
