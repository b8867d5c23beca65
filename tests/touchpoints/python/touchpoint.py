"""A touchpoint on stock libraries: Debian's python3-grpcio and messages that protoc made of the proto files.

It visits twice, once known by its client certificate and once by a token, and once it shows neither and must be refused.
usage: touchpoint.py HOST:PORT FOLDER-OF-CREDENTIALS     (with protoc's --python_out folder on PYTHONPATH)
"""
import pathlib
import sys
import uuid

import grpc
from parley.runtime.v1 import interaction_pb2 as api

TARGET, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])


def credentials(how):
    """The credentials of a connection, with a token for each call on it if that is how we are known."""
    ca = (FOLDER / "ca.crt").read_bytes()
    if how == "mutual TLS":
        key, certificate = (FOLDER / "touchpoint.key").read_bytes(), (FOLDER / "touchpoint.crt").read_bytes()
        return grpc.ssl_channel_credentials(ca, key, certificate)
    tls = grpc.ssl_channel_credentials(ca)
    if how != "TLS and token":
        return tls
    token = (FOLDER / "touchpoint.token").read_text().strip()
    return grpc.composite_channel_credentials(tls, grpc.access_token_call_credentials(token))


class Runtime:
    """Calls by name; the answer's type is the method's name and "Response"."""

    def __init__(self, how):
        self.channel = grpc.secure_channel(TARGET, credentials(how))

    def call(self, method, **fields):
        request, answer = getattr(api, method + "Request"), getattr(api, method + "Response")
        path = "/parley.runtime.v1.InteractionService/" + method
        stub = self.channel.unary_unary(path, request.SerializeToString, answer.FromString)
        return stub(request(**fields), timeout=5)

    def converse(self, requests):
        path = "/parley.runtime.v1.InteractionService/Converse"
        stub = self.channel.stream_stream(
            path, api.ConverseRequest.SerializeToString, api.ConverseResponse.FromString)
        return stub(requests, timeout=15)


def customer_id(customer):
    key = api.NamedValue(name="customer_id", value=api.Value(int_value=customer))
    return api.AudienceId(level="customer", keys=[key])


def visit(how, customer):
    runtime, session = Runtime(how), str(uuid.uuid4())
    audience = customer_id(customer)
    started = runtime.call("StartSession", session_id=session, channel="retail-bank", audience=audience)
    point = api.PointRequest(interaction_point="home-hero", max_offers=2)
    best = runtime.call("GetOffers", session_id=session, points=[point]).points[0].offers[0]
    shown = dict(session_id=session, event_id=str(uuid.uuid4()), event="offer-shown", treatment_code=best.treatment_code)
    assert not runtime.call("PostEvent", **shown).duplicate
    assert runtime.call("PostEvent", **shown).duplicate, "the same event again changes nothing"
    runtime.call("EndSession", session_id=session)
    segments = ",".join(started.segments)
    print(f"python, {how}: customer {customer} in [{segments}] sees {best.offer_code}, score {best.score:g}")


def visit_without_session(how, customer):
    """A visit in one call; what it recommended is shown in another."""
    runtime, visitor = Runtime(how), dict(channel="retail-bank", audience=customer_id(customer))
    point = api.PointRequest(interaction_point="home-hero", max_offers=1)
    best = runtime.call("Recommend", points=[point], **visitor).points[0].offers[0]
    shown = api.RecommendEvent(event_id=str(uuid.uuid4()), event="offer-shown", treatment_code=best.treatment_code)
    result = runtime.call("Recommend", events=[shown], **visitor).events[0]
    assert result.HasField("post_event"), result
    print(f"python, {how}: customer {customer} sees {best.offer_code} without a session")


def converse(how, customer):
    """All of a visit written at once to a stream; the answers come in its order, a refusal among them."""
    session, point = str(uuid.uuid4()), api.PointRequest(interaction_point="home-hero", max_offers=1)
    start = api.StartSessionRequest(channel="retail-bank", audience=customer_id(customer))
    commands = [
        api.BatchCommand(start_session=start),
        api.BatchCommand(get_offers=api.GetOffersRequest(points=[point])),
        api.BatchCommand(post_event=api.PostEventRequest(event_id=str(uuid.uuid4()), event="no-such-event")),
        api.BatchCommand(end_session=api.EndSessionRequest()),
    ]
    requests = (
        api.ConverseRequest(number=i, session_id=session, command=command) for i, command in enumerate(commands, 1))
    answers = list(Runtime(how).converse(requests))
    assert [answer.number for answer in answers] == [1, 2, 3, 4], answers
    assert [answer.result.WhichOneof("what") for answer in answers] == [
        "start_session", "get_offers", "failure", "end_session"], answers
    assert answers[2].result.failure.reason == "EVENT_UNKNOWN", answers[2]
    print(f"python, {how}: a visit over one stream, {len(answers)} requests answered")


def main():
    visit("mutual TLS", 1002)
    visit("TLS and token", 1003)
    visit_without_session("TLS and token", 1003)
    converse("mutual TLS", 1002)
    try:
        Runtime("neither").call("GetVersion")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error
        print("python, neither: refused, as it must be")
    else:
        sys.exit("python: a caller without credentials was answered")


main()
