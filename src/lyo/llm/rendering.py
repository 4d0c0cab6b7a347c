"""The one seam between a prompt and the form that a model understands: chat messages, or a few-shot document.

The request carries text of strangers (a learner's topic, a fetched page). Tokens that steer a model, like
`<start_of_turn>`, are plain text in it: a server that tokenises the prompt with special tokens on would obey them.
"""

import json
import re

from lyo.llm.protocol import Prompt

# Control tokens as the vocabularies of Gemma, Llama, Qwen, Mistral, Phi and ChatML write them.
_CONTROL = re.compile(
    r"<(/?(?:s|bos|eos|pad|unk|mask|start_of_turn|end_of_turn|turn|start_of_image|end_of_image|image_soft_token"
    r"|unused\d+|\|[^|<>\n]{1,64}\||\|[\w ]{1,64}|[\w ]{1,64}\||<SYS>|</?SYS>))>",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS|IMG|PREFIX|SUFFIX))\]")


def neutralise(text: str) -> str:
    """`text` with every control token of the common vocabularies turned into words: `<eos>` becomes `(eos)`."""
    return _BRACKETED.sub(r"(\1)", _CONTROL.sub(r"(\1)", text))


def chat_messages(prompt: Prompt) -> list[dict[str, str]]:
    """The messages for a model with a chat template: the instruction, the examples as turns, the request."""
    instruction = prompt.instruction
    if prompt.json_schema is not None:
        # The grammar forces the form; told of it, the model also means it.
        instruction += f"\n\nAnswer with JSON of this schema: {json.dumps(prompt.json_schema, ensure_ascii=False)}"
    messages = [{"role": "system", "content": instruction}]
    for example in prompt.examples:
        messages.append({"role": "user", "content": example.request})
        messages.append({"role": "assistant", "content": example.answer})
    messages.append({"role": "user", "content": neutralise(prompt.request)})
    return messages


def document(prompt: Prompt) -> str:
    """The document for a base model to continue; it ends where the answer begins or goes on, without a space."""
    parts = [prompt.instruction]
    parts += [_pair(prompt, example.request, example.answer) for example in prompt.examples]
    parts.append(_pair(prompt, _within_one_part(neutralise(prompt.request), prompt), neutralise(prompt.begun)))
    return "\n\n".join(parts).rstrip(" ")


def document_stops(prompt: Prompt) -> list[str]:
    """Where the answer in a document ends: at the next request that the model would make up itself."""
    return [] if prompt.json_schema is not None else [f"\n{prompt.request_label}:"]


def _pair(prompt: Prompt, request: str, answer: str) -> str:
    return f"{prompt.request_label}: {request}\n{prompt.answer_label}: {answer}"


def _within_one_part(request: str, prompt: Prompt) -> str:
    """The request without what would end its part of the document: blank lines, and lines that begin with a label."""
    labels = "|".join(re.escape(label) for label in (prompt.request_label, prompt.answer_label))
    closed_up = re.sub(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*", "\n", request.strip())
    return re.sub(rf"^(?=(?:{labels})\s*:)", "- ", closed_up, flags=re.IGNORECASE | re.MULTILINE)
