"""Does the steps of docs/tour.md by a client that is generated from docs/openapi.json.

scripts/contract.sh generates it (the package `switchboard_client`) and runs this with the server's
address and a key of scope admin. Whatever the client cannot read, it does not get past.
"""

import json
import sys
import threading
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from switchboard_client import AuthenticatedClient, models
from switchboard_client.api.actions import create_action, test_action
from switchboard_client.api.agents import create_agent, get_agent
from switchboard_client.api.conversations import (
    call_action,
    end_conversation,
    get_conversation,
    list_events,
    list_tools,
    start_conversation,
)
from switchboard_client.api.drafts import create_draft_action, get_draft
from switchboard_client.api.integrations import create_integration, list_integrations
from switchboard_client.api.secrets import list_secrets, put_secret
from switchboard_client.api.versions import lock_version, publish_version

PAYMENTS = []


class Ledger(BaseHTTPRequestHandler):
    """The service that is connected: it knows invoices and keeps payments."""

    def do_GET(self):
        self.answer({"id": self.path.rsplit("/", 1)[1], "amount": 4200, "status": "open"})

    def do_POST(self):
        PAYMENTS.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.answer(PAYMENTS[-1])

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def made(reply, kind, status=HTTPStatus.CREATED):
    """What was answered, when it is what is expected."""
    assert reply.status_code == status, (reply.status_code, reply.content)
    assert isinstance(reply.parsed, kind), (type(reply.parsed), reply.content)
    return reply.parsed


def members(**given):
    return models.JsonObject.from_dict(given)


def main(address, key):
    ledger = ThreadingHTTPServer(("127.0.0.1", 0), Ledger)
    threading.Thread(target=ledger.serve_forever, daemon=True).start()
    client = AuthenticatedClient(base_url=address, token=key)
    ok = HTTPStatus.OK

    values = models.SecretValues(production="correct-horse-battery")
    body = models.SecretInput(values=values)
    secret = made(put_secret.sync_detailed("ledger_token", client=client, body=body), models.Secret)
    assert secret.environments == [models.Environment.PRODUCTION]
    assert isinstance(secret.created_at, datetime)

    token = models.BearerAuth(
        token=models.SecretRef(secret="ledger_token"), type_=models.BearerAuthType.BEARER
    )
    slot = models.ApiSlot(base_url=f"http://127.0.0.1:{ledger.server_port}", auth=token)
    body = models.CustomApiInput(
        kind=models.CustomApiInputKind.CUSTOM_API,
        name="Ledger",
        environments=models.Slots(production=slot),
    )
    integration = made(create_integration.sync_detailed(client=client, body=body), models.CustomApi)
    assert integration.environments.production.auth.token.secret == "ledger_token"

    parameters = members(
        type="object", properties={"invoice_id": {"type": "string"}}, required=["invoice_id"]
    )
    body = models.CustomApiActionInput(
        name="read_invoice",
        method=models.Method.GET,
        path="/invoices/{invoice_id}",
        parameters=parameters,
        output_variables=[models.OutputVariable(name="amount", path="$.amount")],
    )
    reply = create_action.sync_detailed(integration.id, client=client, body=body)
    read = made(reply, models.CustomApiAction)
    body = models.CustomApiActionInput(
        name="pay_invoice",
        method=models.Method.POST,
        path="/payments",
        parameters=parameters,
        body_template='{"invoice": {{ parameters.invoice_id }}, "amount": {{ variables.amount }}}',
    )
    reply = create_action.sync_detailed(integration.id, client=client, body=body)
    pay = made(reply, models.CustomApiAction)
    body = models.TestInput(
        environment=models.Environment.PRODUCTION, arguments=members(invoice_id="inv_7")
    )
    tried = made(test_action.sync_detailed(read.id, client=client, body=body), models.TestAnswer, ok)
    assert tried.status == models.Outcome.SUCCEEDED and tried.output["amount"] == 4200

    body = models.AgentInput(name="Invoice helper")
    agent = made(create_agent.sync_detailed(client=client, body=body), models.Agent)
    for action, limit in [(read, None), (pay, 1)]:
        body = models.BindingInput(
            link=models.LinkInput(action_id=action.id),
            overrides=models.Overrides(max_successful_calls=limit),
        )
        reply = create_draft_action.sync_detailed(agent.id, client=client, body=body)
        assert made(reply, models.LinkBinding).link.integration_id == integration.id
    draft = made(get_draft.sync_detailed(agent.id, client=client), models.Draft, ok)
    assert len(draft.actions) == 2
    body = models.LockInput(notes="The first one.")
    version = made(
        lock_version.sync_detailed(agent.id, client=client, body=body), models.LockedVersion
    )
    reply = publish_version.sync_detailed(agent.id, version.number, client=client)
    assert made(reply, models.PublishedVersion, ok).published
    assert made(get_agent.sync_detailed(agent.id, client=client), models.Agent, ok).published_version == 1

    body = models.ConversationInput(
        agent_id=agent.id, environment=models.Environment.PRODUCTION
    )
    conversation = made(
        start_conversation.sync_detailed(client=client, body=body), models.Conversation
    )
    tools = made(list_tools.sync_detailed(conversation.id, client=client), models.Tools, ok)
    assert [tool.name for tool in tools.tools] == ["read_invoice", "pay_invoice"]

    def call(name, invoice, key=None):
        more = {} if key is None else {"idempotency_key": key}
        body = models.CallInput(arguments=members(invoice_id=invoice))
        return call_action.sync_detailed(conversation.id, name, client=client, body=body, **more)

    answer = made(call("read_invoice", "inv_7"), models.CallAnswer, ok)
    assert answer.variables["amount"] == 4200 and answer.error is None
    now = made(get_conversation.sync_detailed(conversation.id, client=client), models.Conversation, ok)
    assert now.variables["amount"] == 4200 and now.phase == models.Phase.IN_CALL
    first, again = call("pay_invoice", "inv_7", "once"), call("pay_invoice", "inv_7", "once")
    assert made(first, models.CallAnswer, ok) == made(again, models.CallAnswer, ok)
    assert again.headers["idempotency-replayed"] == "true"
    assert PAYMENTS == [{"invoice": "inv_7", "amount": 4200}]
    refused = made(call("pay_invoice", "inv_8"), models.Problem, HTTPStatus.CONFLICT)
    assert refused.code == models.ErrorCode.MAX_SUCCESSFUL_CALLS_REACHED
    wrong = made(call("read_invoice", 7), models.Problem, HTTPStatus.UNPROCESSABLE_ENTITY)
    assert [error.pointer for error in wrong.errors] == ["/arguments/invoice_id"]

    made(end_conversation.sync_detailed(conversation.id, client=client), models.Conversation, ok)
    events = made(list_events.sync_detailed(conversation.id, client=client), models.EventList, ok)
    assert [type(event) for event in events.data] == [
        models.ConversationStartedEvent,
        models.ActionSucceededEvent,
        models.ActionSucceededEvent,
        models.ActionRefusedEvent,
        models.ActionRefusedEvent,
        models.PhaseChangedEvent,
    ]
    for listing, kind in [
        (list_secrets, models.SecretList),
        (list_integrations, models.IntegrationList),
    ]:
        assert len(made(listing.sync_detailed(client=client), kind, ok).data) == 1
    print("the generated client did the steps of the tour")


if __name__ == "__main__":
    main(*sys.argv[1:])
