"""The counters tell what happened, by tool and fate."""

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.infer.decoding import CALL, GOES_ON, PROMPT, scripted
from tests.serve.serving import Serving, serving
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.builtin.calculator import calculator


def read(server: Serving) -> dict[tuple[str, ...], float]:
    text = requests.get(f"{server.address}/metrics", timeout=20).text
    return {
        (each.name, *(each.labels[name] for name in sorted(each.labels))): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_requests_tokens_and_calls_are_counted() -> None:
    script = [(PROMPT, CALL), GOES_ON, ("by 0 is", " [Calculator(1 / 0)")]
    model = scripted(*script, Continuation("by 0 is", " nothing.", weight=0.5))
    with serving(model, [calculator]) as server:
        for prompt in (PROMPT, PROMPT, "1 by 0 is"):
            server.client.completions.create(model="tested", prompt=prompt)
        requests.post(f"{server.address}/v1/completions", data=b"{", timeout=20)
        requests.get(f"{server.address}/nowhere", timeout=20)
        counted = read(server)
    assert counted["toolformer_requests_total", "/v1/completions", "200"] == 3
    assert counted["toolformer_requests_total", "/v1/completions", "415"] == 1
    assert counted["toolformer_requests_total", "other", "404"] == 1
    assert counted["toolformer_tokens_total", "prompt"] == 3 * 5
    assert counted["toolformer_tool_calls_total", "answered", "Calculator"] == 2
    assert counted["toolformer_tool_calls_total", "failed", "Calculator"] == 1
    assert counted["toolformer_tool_seconds_count", "Calculator"] == 3
    assert counted["toolformer_first_token_seconds_count",] == 3
    assert counted["toolformer_running",] == counted["toolformer_waiting",] == 0
    assert counted["toolformer_clients_left_total",] == 0
